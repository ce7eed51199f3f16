using System.Text.Json;
using Dapr.AppCallback.Autogen.Grpc.v1;
using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Conformance.Tests.Sidecars;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Client = Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient;

namespace DaprShop.Conformance.Tests;

/// <summary>
/// An app that speaks gRPC (<c>appProtocol: grpc</c>) and implements <c>AppCallback</c>:
/// https://docs.dapr.io/developing-applications/building-blocks/service-invocation/, and of the others the gRPC parts.
/// </summary>
public sealed class CallbackTests(TestWorld world)
{
    private readonly Client _dapr = new(world.Grpc("caller"));
    private readonly string _mark = Guid.NewGuid().ToString("N");

    [Theory]
    [InlineData("GET", "Get", null)]
    [InlineData("POST", "Post", "words")]
    [InlineData("PUT", "Put", "words")]
    [InlineData("DELETE", "Delete", null)]
    [InlineData("PATCH", "Patch", "words")]
    public async Task A_call_over_http_is_invoked(string verb, string heard, string? body)
    {
        var answer = await world.CallAsync("caller", verb, "/v1.0/invoke/speaker/method/a/b?x=1&y=2", body);
        Assert.Equal((200, "application/json"), (answer.Status, answer.Header("content-type")));
        Assert.Equal(("a/b", heard, "x=1&y=2", body ?? ""), (
            answer.Json.GetProperty("method").GetString(), answer.Json.GetProperty("verb").GetString(),
            answer.Json.GetProperty("query").GetString(), answer.Json.GetProperty("body").GetString()));
        Assert.Equal(body is null ? "" : "application/json", answer.Json.GetProperty("type").GetString());
    }

    [Fact]
    public async Task So_is_one_by_header()
    {
        var answer = await world.CallAsync("caller", "POST", "/a/b", "words", ("dapr-app-id", "speaker"));
        Assert.Equal("a/b", answer.Json.GetProperty("method").GetString());
    }

    [Theory]
    [InlineData("dapr-caller-app-id", "caller")]
    [InlineData("dapr-callee-app-id", "speaker")]
    [InlineData("dapr-caller-namespace", "default")]
    [InlineData("dapr-api-token", TestWorld.AppToken)]
    [InlineData("x-own-header", "mine")]
    [InlineData("dapr-cache-control", "no-store")]
    public async Task It_says_who_calls_and_hands_on_headers(string name, string value)
    {
        await world.CallAsync(
            "caller", "POST", $"/v1.0/invoke/speaker/method/{_mark}", "1",
            ("x-own-header", "mine"), ("cache-control", "no-store"));
        var heard = (await world["speaker"].HeardAsync(heard => heard.Target == _mark))[0];
        Assert.Equal(value, heard.Headers[name]);
    }

    [Fact]
    public async Task Nobody_passes_for_another()
    {
        world.NotOnDaprd("1.17 hands on what the caller says as well; 1.18 takes it out");
        await world.CallAsync("caller", "POST", $"/v1.0/invoke/speaker/method/{_mark}", "1", ("dapr-caller-app-id", "somebody"));
        Assert.Equal("caller", (await world["speaker"].HeardAsync(heard => heard.Target == _mark))[0].Headers["dapr-caller-app-id"]);
    }

    [Fact]
    public async Task Its_answer_has_its_type_and_headers()
    {
        var answer = await world.CallAsync("caller", "GET", "/v1.0/invoke/speaker/method/typed");
        Assert.Equal(("words", "text/plain; charset=utf-8", "mine"), (answer.Body, answer.Header("content-type"), answer.Header("x-own")));
    }

    [Fact]
    public async Task Its_answer_may_be_empty() =>
        Assert.Equal((200, ""), (await world.CallAsync("caller", "GET", "/v1.0/invoke/speaker/method/silence")) is var answer ? (answer.Status, answer.Body) : default);

    [Theory]
    [InlineData(StatusCode.Cancelled, 408)]
    [InlineData(StatusCode.Unknown, 500)]
    [InlineData(StatusCode.InvalidArgument, 400)]
    [InlineData(StatusCode.DeadlineExceeded, 504)]
    [InlineData(StatusCode.NotFound, 404)]
    [InlineData(StatusCode.AlreadyExists, 409)]
    [InlineData(StatusCode.PermissionDenied, 403)]
    [InlineData(StatusCode.ResourceExhausted, 429)]
    [InlineData(StatusCode.FailedPrecondition, 400)]
    [InlineData(StatusCode.Aborted, 409)]
    [InlineData(StatusCode.Unimplemented, 501)]
    [InlineData(StatusCode.Internal, 500)]
    [InlineData(StatusCode.Unavailable, 503)]
    [InlineData(StatusCode.Unauthenticated, 401)]
    public async Task Its_failure_is_an_http_status(StatusCode code, int status)
    {
        var answer = await world.CallAsync("caller", "GET", $"/v1.0/invoke/speaker/method/fail/{(int)code}");
        Assert.Equal(status, answer.Status);
        Assert.Equal(((int)code, "no such thing"), (answer.Json.GetProperty("code").GetInt32(), answer.Json.GetProperty("message").GetString()));
    }

    [Fact]
    public async Task A_call_over_grpc_is_invoked_too()
    {
        using var call = _dapr.InvokeServiceAsync(Call("a/b", "words"), new Metadata { { "x-said", "so" }, { "x-said-bin", [1, 255] } });
        var answer = JsonDocument.Parse((await call).Data.Value.Memory).RootElement;
        Assert.Equal(("a/b", "words", "text/plain"), (
            answer.GetProperty("method").GetString(), answer.GetProperty("body").GetString(), answer.GetProperty("type").GetString()));
        var headers = await call.ResponseHeadersAsync;
        Assert.Equal(("mine", "Af8="), (headers.GetValue("x-own"), Convert.ToBase64String(headers.GetValueBytes("x-own-bin")!)));
        Assert.Equal("word", call.GetTrailers().GetValue("x-last"));
        var heard = world["speaker"].Log.Last(heard => heard.Target == "a/b" && heard.Headers.ContainsKey("x-said"));
        Assert.Equal(("so", "caller", TestWorld.AppToken), (heard.Headers["x-said"], heard.Headers["dapr-caller-app-id"], heard.Headers["dapr-api-token"]));
        Assert.Equal("Af8=", heard.Headers["x-said-bin"]);
    }

    [Theory]
    [InlineData(StatusCode.NotFound)]
    [InlineData(StatusCode.Aborted)]
    [InlineData(StatusCode.Internal)]
    public async Task And_its_failure_stays_what_it_is(StatusCode code)
    {
        var failure = await Assert.ThrowsAsync<RpcException>(async () => await _dapr.InvokeServiceAsync(Call($"fail/{(int)code}", "")));
        Assert.Equal((code, "no such thing"), (failure.StatusCode, failure.Status.Detail));
    }

    [Theory]
    [InlineData("application/json", "{\"mark\":\"MARK\"}")]
    [InlineData("text/plain", "MARK")]
    [InlineData("application/xml", "<a>MARK</a>")]
    [InlineData("application/octet-stream", "MARK")]
    public async Task An_event_comes_in_its_fields(string type, string data)
    {
        await PublishAsync("spoken", Fill(data), type);
        var heard = Event((await world["speaker"].HeardAsync(Mine))[0]);
        Assert.Equal(("speaker", "com.dapr.event.sent", "1.0", type, "spoken", "pubsub"), (
            heard.Source, heard.Type, heard.SpecVersion, heard.DataContentType, heard.Topic, heard.PubsubName));
        Assert.Equal((Fill(data), ""), (heard.Data.ToStringUtf8(), heard.Path));
        Assert.NotEmpty(heard.Id);
    }

    [Theory]
    [InlineData("time")]
    [InlineData("topic")]
    [InlineData("pubsubname")]
    [InlineData("traceid")]
    [InlineData("traceparent")]
    [InlineData("tracestate")]
    public async Task Its_other_attributes_are_extensions(string name)
    {
        await PublishAsync("spoken", _mark);
        var heard = Event((await world["speaker"].HeardAsync(Mine))[0]);
        Assert.Contains(name, heard.Extensions.Fields.Keys);
        Assert.DoesNotContain("data", heard.Extensions.Fields.Keys);
    }

    [Theory]
    [InlineData("dapr-api-token", TestWorld.AppToken)]
    [InlineData("pubsubname", "pubsub")]
    public async Task It_comes_with_metadata(string name, string value)
    {
        await PublishAsync("spoken", _mark);
        Assert.Equal(value, (await world["speaker"].HeardAsync(Mine))[0].Headers[name]);
    }

    [Fact]
    public async Task A_raw_payload_comes_as_it_was_published()
    {
        await Speaker.PublishEventAsync(new PublishEventRequest
        {
            PubsubName = "pubsub",
            Topic = "spoken-raw",
            Data = ByteString.CopyFromUtf8(_mark),
            Metadata = { ["rawPayload"] = "true" },
        });
        var heard = Event((await world["speaker"].HeardAsync(Mine))[0]);
        Assert.Equal((_mark, "application/octet-stream"), (heard.Data.ToStringUtf8(), heard.DataContentType));
    }

    [Theory]
    [InlineData("a", "/a")]
    [InlineData("b", "/rest")]
    public async Task A_route_is_the_path(string type, string path)
    {
        await PublishAsync("spoken-routed", _mark, metadata: ("cloudevent.type", type));
        Assert.Equal(path, Event((await world["speaker"].HeardAsync(Mine))[0]).Path);
    }

    [Theory]
    [InlineData("Retry")]
    [InlineData("Nonsense")]
    [InlineData("Internal")]
    [InlineData("NotFound")]
    public async Task What_fails_twice_is_taken_the_third_time(string answer)
    {
        await PublishAsync("spoken", $$"""{"mark":"{{_mark}}","answer":"{{answer}}","times":2}""", "application/json");
        await world["speaker"].HeardAsync(Mine, 3);
        await Task.Delay(300);
        Assert.Equal(3, world["speaker"].Log.Count(Mine));
    }

    [Theory]
    [InlineData("Retry", 4)]
    [InlineData("Internal", 4)]
    [InlineData("Drop", 1)]
    public async Task What_is_not_taken_ends_among_the_dead_letters(string answer, int deliveries)
    {
        await PublishAsync("spoken-mourned", $$"""{"mark":"{{_mark}}","answer":"{{answer}}"}""", "application/json", ("cloudevent.id", _mark));
        var dead = (await world["speaker"].HeardAsync(heard => Mine(heard) && heard.Target == "spoken-graves"))[0];
        Assert.Equal(deliveries, world["speaker"].Log.Count(heard => Mine(heard) && heard.Target == "spoken-mourned"));
        Assert.Equal(_mark, Event(dead).Id);
    }

    [Fact]
    public async Task What_is_not_implemented_is_gone()
    {
        await PublishAsync("spoken-mourned", $$"""{"mark":"{{_mark}}","answer":"Unimplemented"}""", "application/json");
        await world["speaker"].HeardAsync(Mine);
        await Task.Delay(300);
        Assert.Single(world["speaker"].Log, Mine);
    }

    [Fact]
    public async Task Many_come_in_bulk()
    {
        await Speaker.BulkPublishEventAsync(new BulkPublishRequest
        {
            PubsubName = "pubsub",
            Topic = "spoken-bulky",
            Entries =
            {
                Enumerable.Range(0, 4).Select(i => new BulkPublishRequestEntry
                {
                    EntryId = $"{i}",
                    ContentType = "application/json",
                    Event = ByteString.CopyFromUtf8($$"""{"mark":"{{_mark}}","n":{{i}}}"""),
                }),
            },
        });
        await TestWorld.EventuallyAsync(() => Task.FromResult(Entries().Count == 4), "all four");
        var first = Bulks().First();
        Assert.Equal(("com.dapr.event.sent.bulk", "spoken-bulky", "pubsub", ""), (first.Type, first.Topic, first.PubsubName, first.Path));
        Assert.All(Entries(), entry =>
        {
            Assert.NotEmpty(entry.EntryId);
            Assert.Equal(("speaker", "application/json"), (entry.CloudEvent.Source, entry.CloudEvent.DataContentType));
        });
    }

    [Fact]
    public async Task Of_many_one_that_is_not_what_it_says_takes_no_other_with_it()
    {
        await Speaker.BulkPublishEventAsync(new BulkPublishRequest
        {
            PubsubName = "pubsub",
            Topic = "spoken-bulky",
            Entries =
            {
                new BulkPublishRequestEntry
                {
                    EntryId = "text that is none",
                    ContentType = "application/cloudevents+json",
                    Event = ByteString.CopyFromUtf8(
                        $$"""{"specversion":"1.0","id":"{{_mark}}","source":"test","type":"test","datacontenttype":"text/plain","data":{"a":1} }"""),
                },
                new BulkPublishRequestEntry
                {
                    EntryId = "half a letter for an id",
                    ContentType = "application/cloudevents+json",
                    Event = ByteString.CopyFromUtf8(
                        """{"specversion":"1.0","id":"\ud800","source":"test","type":"test","datacontenttype":"text/plain","data":""}"""),
                },
                new BulkPublishRequestEntry
                {
                    EntryId = "good",
                    ContentType = "application/json",
                    Event = ByteString.CopyFromUtf8($$"""{"mark":"{{_mark}}"}"""),
                },
            },
        });
        await TestWorld.EventuallyAsync(() => Task.FromResult(Entries().Count > 0), "the good one");
        Assert.Single(Entries());
    }

    [Fact]
    public async Task Of_many_those_that_are_dropped_end_among_the_dead_letters()
    {
        await PublishAsync("spoken-bulky", $$"""{"mark":"{{_mark}}","answer":"Drop"}""", "application/json");
        await world["speaker"].HeardAsync(heard => Mine(heard) && heard.Target == "spoken-graves");
    }

    [Fact]
    public async Task Bindings_are_asked_for_and_tick()
    {
        var heard = await world["speaker"].HeardAsync(heard => heard is { Method: "OnBindingEvent", Target: "spoken-tick" }, 2);
        var tick = BindingEventRequest.Parser.ParseFrom(heard[0].Body);
        Assert.Equal((TestWorld.AppToken, ""), (heard[0].Headers["dapr-api-token"], tick.Data.ToStringUtf8()));
        Assert.Contains("readTimeUTC", tick.Metadata.Keys);
        Assert.DoesNotContain(world["speaker"].Log, other => other is { Method: "OnBindingEvent", Target: "spoken-tock" });
    }

    [Fact]
    public async Task Metadata_has_the_protocol_and_the_subscriptions()
    {
        var metadata = await Speaker.GetMetadataAsync(new GetMetadataRequest());
        Assert.Equal("grpc", metadata.AppConnectionProperties.Protocol);
        var subscription = Assert.Single(metadata.Subscriptions, subscription => subscription.Topic == "spoken-mourned");
        Assert.Equal(("pubsub", "spoken-graves", PubsubSubscriptionType.Programmatic), (
            subscription.PubsubName, subscription.DeadLetterTopic, subscription.Type));
    }

    private Client Speaker => new(world.Grpc("speaker"));

    private string Fill(string text) => text.Replace("MARK", _mark, StringComparison.Ordinal);

    private bool Mine(Heard heard) => heard.Text.Contains(_mark, StringComparison.Ordinal);

    private IEnumerable<TopicEventBulkRequest> Bulks() => world["speaker"].Log
        .Where(heard => heard.Method == "OnBulkTopicEvent" && Mine(heard)).Select(heard => TopicEventBulkRequest.Parser.ParseFrom(heard.Body));

    private List<TopicEventBulkRequestEntry> Entries() =>
        [.. Bulks().SelectMany(bulk => bulk.Entries).Where(entry => entry.CloudEvent.Data.ToStringUtf8().Contains(_mark, StringComparison.Ordinal))];

    private static TopicEventRequest Event(Heard heard) => TopicEventRequest.Parser.ParseFrom(heard.Body);

    private static InvokeServiceRequest Call(string method, string body) => new()
    {
        Id = "speaker",
        Message = new InvokeRequest
        {
            Method = method,
            ContentType = "text/plain",
            Data = new Any { Value = ByteString.CopyFromUtf8(body) },
            HttpExtension = new HTTPExtension { Verb = HTTPExtension.Types.Verb.Post },
        },
    };

    /// <summary>The in-memory broker of daprd is the sidecar's own, so the app publishes to itself.</summary>
    private async Task PublishAsync(string topic, string data, string type = "text/plain", (string Name, string Value)? metadata = null)
    {
        var request = new PublishEventRequest
        {
            PubsubName = "pubsub",
            Topic = topic,
            Data = ByteString.CopyFromUtf8(data),
            DataContentType = type,
        };
        if (metadata is { } item) request.Metadata[item.Name] = item.Value;
        await Speaker.PublishEventAsync(request);
    }
}
