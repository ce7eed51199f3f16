using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Conformance.Tests.Apps;
using DaprShop.Conformance.Tests.Sidecars;
using DaprShop.Testing.Telemetry;
using Google.Protobuf;
using Grpc.Core;
using Client = Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient;

namespace DaprShop.Conformance.Tests;

/// <summary>
/// The spans of sidecars, as a collector hears of them, and the context that they hand on:
/// https://docs.dapr.io/operations/observability/tracing/tracing-overview/
/// </summary>
public sealed class TracingTests(TracingTests.Watched watched) : IClassFixture<TracingTests.Watched>
{
    private const string Caller = "b7ad6b7169203331";
    private const string Internals = "/dapr.proto.internals.v1.ServiceInvocation/";
    private const string Api = "/dapr.proto.runtime.v1.Dapr/";

    private readonly string _trace = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
    private readonly TestWorld _world = watched.World;
    private readonly Client _dapr = new(watched.World.Grpc("caller"));

    private string Parent => $"00-{_trace}-{Caller}-01";

    [Theory]
    [InlineData("GET", "/v1.0/state/store/x", "db.system=state", "db.connection_string=state", "db.name=store", "db.statement=GET /v1.0/state/store/x")]
    [InlineData("DELETE", "/v1.0/state/store/x?concurrency=last-write", "db.name=store", "db.statement=DELETE /v1.0/state/store/x")]
    [InlineData("GET", "/v1.0/secrets/env/CONFORM_COLOUR", "db.system=secrets", "db.name=env", "db.connection_string=secrets")]
    [InlineData("GET", "/v1.0/metadata", "dapr.status_code=200")]
    public async Task A_call_of_the_api_is_a_span(string verb, string target, params string[] expected)
    {
        var answer = await CallAsync("caller", verb, target);
        var path = target.Split('?')[0];
        var span = await SpanAsync("caller", path);
        Assert.Equal((Caller, ActivityKind.Client, null), (span.ParentId, span.Kind, span.Error));
        AssertTold(
            span,
            [
                "dapr.protocol=http", $"dapr.api={verb} {path}", $"dapr.status_code={answer.Status}", $"http.request.method={verb}",
                $"url.full={target}", "server.address=127.0.0.1", "dapr-mine=told", .. expected,
            ]);
        Assert.Equal($"00-{_trace}-{span.SpanId}-01", answer.Header("traceparent"));
        Assert.Equal("a=b", answer.Header("tracestate"));
    }

    [Theory]
    [InlineData("/v1.0/state/nowhere/x", "Code(400): Bad Request")]
    [InlineData("/v1.0/nothing", "Code(404): Not Found")]
    [InlineData("/v1.0/secrets/nowhere/x", "Code(401): Unauthorized")]
    public async Task One_that_fails_says_so(string target, string error)
    {
        await CallAsync("caller", "GET", target);
        Assert.Equal(error, (await SpanAsync("caller", target)).Error);
    }

    [Theory]
    [InlineData("/v1.0/invoke/echo/method/a/b%20c?x=1", null, "a/b c")]
    [InlineData("/v1.0/invoke/echo/method/a?status=503", "Code(503): Service Unavailable", "a")]
    public async Task A_call_of_another_app_is_a_span_on_either_side(string target, string? error, string method)
    {
        await CallAsync("caller", "GET", target);
        var name = $"CallLocal/echo/{method}";
        var (sent, came) = (await SpanAsync("caller", name), await SpanAsync("echo", name));
        Assert.Equal((Caller, ActivityKind.Client, error), (sent.ParentId, sent.Kind, sent.Error));
        AssertTold(sent, "rpc.service=ServiceInvocation", "net.peer.name=echo", "dapr.protocol=http");
        Assert.Equal((sent.SpanId, ActivityKind.Server, null), (came.ParentId, came.Kind, came.Error));
        AssertTold(
            came, "rpc.service=ServiceInvocation", $"dapr.invoke_method={method}", "dapr.protocol=grpc", $"dapr.api={Internals}CallLocalStream");
        var heard = await HeardAsync("echo");
        Assert.Equal($"00-{_trace}-{came.SpanId}-01", heard.Headers["traceparent"]);
        Assert.Equal("a=b", heard.Headers["tracestate"]);
    }

    [Fact]
    public async Task So_is_one_by_header()
    {
        await CallAsync("caller", "GET", "/by-header", null, ("dapr-app-id", "echo"));
        Assert.Equal((await SpanAsync("caller", "CallLocal/echo/by-header")).SpanId, (await SpanAsync("echo", "CallLocal/echo/by-header")).ParentId);
    }

    [Fact]
    public async Task An_app_that_calls_itself_has_one_span()
    {
        await CallAsync("caller", "GET", "/v1.0/invoke/caller/method/self");
        var span = await SpanAsync("caller", "CallLocal/caller/self");
        Assert.Equal($"00-{_trace}-{span.SpanId}-01", (await HeardAsync("caller")).Headers["traceparent"]);
        Assert.Single(Mine());
    }

    [Fact]
    public async Task An_app_that_speaks_grpc_is_called_in_the_trace()
    {
        await CallAsync("caller", "POST", "/v1.0/invoke/speaker/method/spoken-to", "1");
        var came = await SpanAsync("speaker", "CallLocal/speaker/spoken-to");
        Assert.Equal((await SpanAsync("caller", "CallLocal/speaker/spoken-to")).SpanId, came.ParentId);
        _world.NotOnDaprd("It hands the caller's own context to an app that speaks gRPC when the call came over HTTP.");
        Assert.Equal($"00-{_trace}-{came.SpanId}-01", (await HeardAsync("speaker")).Headers["traceparent"]);
    }

    [Fact]
    public async Task An_app_that_is_not_there_fails_the_span()
    {
        await CallAsync("caller", "GET", "/v1.0/invoke/nobody/method/x");
        Assert.Equal("Code(500): Internal Server Error", (await SpanAsync("caller", "CallLocal/nobody/x")).Error);
    }

    [Fact]
    public async Task What_the_caller_does_not_sample_is_not_told_and_still_goes_on()
    {
        var answer = await _world.CallAsync("caller", "GET", "/v1.0/invoke/echo/method/unsampled", null, ("traceparent", $"00-{_trace}-{Caller}-00"));
        Assert.StartsWith($"00-{_trace}-", answer.Json.GetProperty("headers").GetProperty("traceparent").GetString(), StringComparison.Ordinal);
        Assert.EndsWith("-00", answer.Json.GetProperty("headers").GetProperty("traceparent").GetString(), StringComparison.Ordinal);
        await LaterAsync();
        Assert.Empty(Mine());
    }

    [Theory]
    [InlineData("")]
    [InlineData("garbage")]
    [InlineData("00-00000000000000000000000000000000-b7ad6b7169203331-01")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01")]
    [InlineData("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    public async Task What_is_no_context_begins_a_trace(string traceparent)
    {
        var answer = await _world.CallAsync("caller", "GET", "/v1.0/metadata", null, ("traceparent", traceparent), ("tracestate", "a=b"));
        var told = answer.Header("traceparent")!.Split('-');
        Assert.Equal((200, "01"), (answer.Status, told[3]));
        var span = await SpanAsync(span => span.SpanId == told[2], "the span of the answer");
        Assert.Equal(("", told[1]), (span.ParentId, span.TraceId));
        Assert.NotEqual("0af7651916cd43dd8448eb211c80319c", span.TraceId);
    }

    [Theory]
    [InlineData("caller", "/v1.0/healthz")]
    [InlineData("flaky", "/v1.0/metadata")]
    public async Task Health_is_not_traced_nor_what_has_a_rate_of_none(string app, string target)
    {
        var answer = await CallAsync(app, "GET", target);
        Assert.Null(answer.Header("traceparent"));
        await LaterAsync();
        Assert.Empty(Mine());
    }

    [Fact]
    public async Task Who_takes_an_event_goes_on_from_who_published_it()
    {
        var answer = await CallAsync("events", "POST", "/v1.0/publish/pubsub/plain", $$"""{"mark":"{{_trace}}"}""");
        Assert.Equal(204, answer.Status);
        var published = await SpanAsync("events", "/v1.0/publish/pubsub/plain");
        AssertTold(published, "messaging.system=pubsub", "dapr.protocol=http");
        var delivered = await SpanAsync("events", "pubsub/plain");
        Assert.Equal((published.SpanId, ActivityKind.Client, null), (delivered.ParentId, delivered.Kind, delivered.Error));
        AssertTold(delivered, "messaging.system=pubsub", "messaging.destination.name=plain");
        var heard = await HeardAsync("events");
        Assert.Equal($"00-{_trace}-{delivered.SpanId}-01", heard.Headers["traceparent"]);
        var envelope = JsonDocument.Parse(heard.Body).RootElement;
        Assert.Equal($"00-{_trace}-{published.SpanId}-01", envelope.GetProperty("traceparent").GetString());
        Assert.Equal("a=b", envelope.GetProperty("tracestate").GetString());
    }

    [Fact]
    public async Task Each_attempt_to_deliver_is_a_span()
    {
        await CallAsync("events", "POST", "/v1.0/publish/pubsub/plain", $$"""{"mark":"{{_trace}}","status":500,"times":1}""");
        await SpanAsync(span => span is { Name: "pubsub/plain", Error: null } && span.TraceId == _trace, "a second attempt");
        Assert.Equal("Code(500): Internal Server Error", Assert.Single(Mine(), span => span is { Name: "pubsub/plain", Error: not null }).Error);
    }

    [Fact]
    public async Task Each_event_of_a_bulk_has_a_span_of_its_own()
    {
        string[] marks = [$"{_trace}-1", $"{_trace}-2"];
        await CallAsync(
            "events", "POST", "/v1.0/publish/bulk/pubsub/plain",
            JsonSerializer.Serialize(marks.Select(mark => new { entryId = mark, @event = new { mark }, contentType = "application/json" })));
        await TestWorld.EventuallyAsync(() => Task.FromResult(Mine().Count(span => span.Name == "pubsub/plain") == 2), "both deliveries");
        var call = await SpanAsync(span => span.TraceId == _trace && span.ParentId == Caller, "the call");
        var producers = Mine().Where(span => span.Kind == ActivityKind.Producer).ToList();
        Assert.Equal(2, producers.Count);
        Assert.All(producers, producer => Assert.Equal((call.SpanId, "/v1.0/publish/bulk/pubsub/plain"), (producer.ParentId, producer.Name)));
        Assert.Equal(
            producers.Select(producer => producer.SpanId).Order(),
            Mine().Where(span => span.Name == "pubsub/plain").Select(span => span.ParentId).Order());
    }

    [Fact]
    public async Task An_event_goes_to_an_app_that_speaks_grpc_in_its_trace()
    {
        await _dapr.PublishEventAsync(
            new PublishEventRequest
            {
                PubsubName = "pubsub",
                Topic = "spoken",
                Data = ByteString.CopyFromUtf8($$"""{"mark":"{{_trace}}"}"""),
                DataContentType = "application/json",
            },
            Headers());
        var published = await SpanAsync("caller", Api + "PublishEvent");
        AssertTold(published, "rpc.service=Dapr", "messaging.system=pubsub", "messaging.destination.name=spoken", "dapr.protocol=grpc");
        _world.NotOnDaprd("Its in-memory broker is one sidecar's own: the app's hears nothing.");
        var delivered = await SpanAsync("speaker", "pubsub/spoken");
        Assert.Equal(published.SpanId, delivered.ParentId);
        Assert.Equal($"00-{_trace}-{delivered.SpanId}-01", (await HeardAsync("speaker")).Headers["traceparent"]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_call_over_grpc_is_a_span(bool isBinary)
    {
        var call = _dapr.GetStateAsync(new GetStateRequest { StoreName = "store", Key = "x" }, Headers(isBinary));
        await call;
        var span = await SpanAsync("caller", Api + "GetState");
        Assert.Equal((Caller, ActivityKind.Client, null), (span.ParentId, span.Kind, span.Error));
        AssertTold(
            span, "dapr.protocol=grpc", $"dapr.api={Api}GetState", "rpc.service=Dapr", "db.system=state", "db.name=store",
            "db.connection_string=state", $"db.statement={Api}GetState", "dapr-mine=told");
        Assert.Equal(Binary(span.SpanId), (await call.ResponseHeadersAsync).Get("grpc-trace-bin")!.ValueBytes);
    }

    [Fact]
    public async Task One_over_grpc_that_fails_says_why()
    {
        await Assert.ThrowsAsync<RpcException>(
            () => _dapr.GetStateAsync(new GetStateRequest { StoreName = "nowhere", Key = "x" }, Headers()).ResponseAsync);
        Assert.Equal("state store nowhere is not found", (await SpanAsync("caller", Api + "GetState")).Error);
    }

    [Fact]
    public async Task InvokeService_is_a_span_on_either_side()
    {
        var message = new InvokeRequest { Method = "m", HttpExtension = new HTTPExtension { Verb = HTTPExtension.Types.Verb.Get } };
        var request = new InvokeServiceRequest { Id = "echo", Message = message };
        await _dapr.InvokeServiceAsync(request, Headers());
        var (sent, came) = (await SpanAsync("caller", "CallLocal/echo/m"), await SpanAsync("echo", "CallLocal/echo/m"));
        AssertTold(sent, "rpc.service=ServiceInvocation", "net.peer.name=echo", $"dapr.api={Api}InvokeService");
        Assert.Equal((Caller, sent.SpanId), (sent.ParentId, came.ParentId));
        Assert.Equal($"00-{_trace}-{came.SpanId}-01", (await HeardAsync("echo")).Headers["traceparent"]);
    }

    [Fact]
    public async Task An_actor_is_called_in_the_trace()
    {
        await CallAsync("caller", "POST", "/v1.0/actors/thing/traced/method/echo", "1");
        var (sent, came) = (await SpanAsync("caller", "CallActor/thing/echo"), await SpanAsync("actors", "CallActor/thing/echo"));
        Assert.Equal((Caller, ActivityKind.Client), (sent.ParentId, sent.Kind));
        AssertTold(sent, "rpc.service=ServiceInvocation", "net.peer.name=thing.traced", "dapr.actor=thing.traced");
        Assert.Equal((sent.SpanId, ActivityKind.Server), (came.ParentId, came.Kind));
        AssertTold(came, "rpc.service=ServiceInvocation", "dapr.actor=thing.traced", $"dapr.api={Internals}CallActor");
        Assert.Equal($"00-{_trace}-{came.SpanId}-01", (await HeardAsync("actors")).Headers["traceparent"]);
    }

    [Fact]
    public async Task Its_own_app_calls_it_in_one_span()
    {
        await CallAsync("actors", "POST", "/v1.0/actors/thing/traced/method/echo", "1");
        var span = await SpanAsync("actors", "CallActor/thing/echo");
        Assert.Equal($"00-{_trace}-{span.SpanId}-01", (await HeardAsync("actors")).Headers["traceparent"]);
        Assert.Single(Mine());
    }

    [Fact]
    public async Task Over_grpc_an_actor_is_called_in_the_trace_as_well()
    {
        await _dapr.InvokeActorAsync(new InvokeActorRequest { ActorType = "thing", ActorId = "traced", Method = "echo" }, Headers());
        var came = await SpanAsync("actors", "CallActor/thing/echo");
        Assert.Equal((await SpanAsync("caller", Api + "InvokeActor")).SpanId, came.ParentId);
        Assert.Equal($"00-{_trace}-{came.SpanId}-01", (await HeardAsync("actors")).Headers["traceparent"]);
    }

    [Fact]
    public async Task State_of_an_actor_is_asked_in_its_name()
    {
        await CallAsync("actors", "POST", "/v1.0/actors/thing/traced/state", """[{"operation":"upsert","request":{"key":"k","value":1}}]""");
        AssertTold(await SpanAsync("actors", "/v1.0/actors/thing/traced/state"), "dapr.actor=thing.traced", "db.name=actor", "db.system=state");
    }

    [Fact]
    public async Task Who_is_behind_a_binding_goes_on_from_the_call()
    {
        var answer = await CallAsync("caller", "POST", "/v1.0/bindings/web", """{"operation":"get"}""");
        var span = await SpanAsync("caller", "/v1.0/bindings/web");
        AssertTold(span, "db.system=bindings", "db.name=web", "db.statement=POST /v1.0/bindings/web");
        Assert.Equal($"00-{_trace}-{span.SpanId}-01", answer.Json.GetProperty("headers").GetProperty("traceparent").GetString());
    }

    [Theory]
    [InlineData("events", "tick", "POST /tick")]
    [InlineData("events", "tock", "POST /tock")]
    [InlineData("speaker", "spoken-tick", "/dapr.proto.runtime.v1.AppCallback/OnBindingEvent")]
    public async Task An_input_binding_begins_a_trace(string app, string binding, string method)
    {
        var span = await SpanAsync(span => span.Service == app && span.Name == $"bindings/{binding}", binding);
        Assert.Equal(("", ActivityKind.Client), (span.ParentId, span.Kind));
        AssertTold(span, $"db.name={binding}", "db.system=bindings", "rpc.service=Dapr", $"db.connection_string={method}");
        await _world[app].HeardAsync(heard => heard.Headers.GetValueOrDefault("traceparent")?.Contains(span.SpanId, StringComparison.Ordinal) ?? false);
    }

    [Fact]
    public async Task A_token_is_in_no_trace()
    {
        _world.NotOnDaprd("A token that it does not ask for is a header as others are.");
        await CallAsync("caller", "GET", "/v1.0/metadata", null, ("dapr-api-token", "a-secret"));
        Assert.DoesNotContain("a-secret", (await SpanAsync("caller", "/v1.0/metadata")).Attributes.Values);
    }

    [Fact]
    public async Task A_collector_that_is_not_there_is_missed_by_nobody()
    {
        await using var world = TestWorld.Traced(new Uri($"http://127.0.0.1:{TestPorts.Take()}"), new TestApp("lonely", EchoApp.Map));
        await world.InitializeAsync();
        for (var i = 0; i < 20; i++)
            Assert.Equal(200, (await world.CallAsync("lonely", "GET", "/v1.0/invoke/lonely/method/x")).Status);
    }

    private Task<Answer> CallAsync(string app, string verb, string target, string? body = null, params (string, string)[] headers) =>
        _world.CallAsync(app, verb, target, body, [.. headers, ("traceparent", Parent), ("tracestate", "a=b"), ("dapr-mine", "told")]);

    private Metadata Headers(bool isBinary = false)
    {
        var headers = new Metadata { { "dapr-mine", "told" } };
        if (isBinary) headers.Add("grpc-trace-bin", Binary(Caller));
        else headers.Add("traceparent", Parent);
        return headers;
    }

    private byte[] Binary(string span) => [0, 0, .. Convert.FromHexString(_trace), 1, .. Convert.FromHexString(span), 2, 1];

    private SeenSpan[] Mine() => [.. watched.Collector.Spans.Where(span => span.TraceId == _trace)];

    private Task<SeenSpan> SpanAsync(string service, string name) =>
        SpanAsync(span => span.TraceId == _trace && span.Service == service && span.Name == name, $"{service}'s span {name}");

    private async Task<SeenSpan> SpanAsync(Func<SeenSpan, bool> matches, string what)
    {
        SeenSpan? found = null;
        await TestWorld.EventuallyAsync(() => Task.FromResult((found = watched.Collector.Spans.FirstOrDefault(matches)) is not null), what);
        return found!;
    }

    /// <summary>When what is called now has been told, all before it has.</summary>
    private async Task LaterAsync()
    {
        foreach (var app in new[] { "caller", "echo" })
        {
            var later = (await _world.CallAsync(app, "GET", "/v1.0/metadata")).Header("traceparent")!.Split('-')[2];
            await SpanAsync(span => span.SpanId == later, "a later span");
        }
    }

    private async Task<Heard> HeardAsync(string app) =>
        (await _world[app].HeardAsync(heard => heard.Headers.GetValueOrDefault("traceparent")?.Contains(_trace, StringComparison.Ordinal) ?? false))[0];

    private static void AssertTold(SeenSpan span, params string[] expected) =>
        Assert.Superset(expected.ToHashSet(), span.Attributes.Select(attribute => $"{attribute.Key}={attribute.Value}").ToHashSet());

    /// <summary>Sidecars that tell a collector everything; those of <c>flaky</c> nothing.</summary>
    public sealed class Watched : IAsyncLifetime
    {
        public OtlpReceiver Collector { get; private set; } = null!;

        public TestWorld World { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Collector = await OtlpReceiver.StartAsync();
            World = TestWorld.Traced(Collector.Address);
            await World.InitializeAsync();
        }

        public async ValueTask DisposeAsync()
        {
            await World.DisposeAsync();
            await Collector.DisposeAsync();
        }
    }
}
