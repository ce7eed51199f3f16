using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Conformance.Tests.Apps;
using DaprShop.Conformance.Tests.Sidecars;
using Google.Protobuf;
using Grpc.Core;
using Client = Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient;

namespace DaprShop.Conformance.Tests;

/// <summary>
/// A sidecar that asks its app how it is (<c>enableAppHealthCheck</c>):
/// https://docs.dapr.io/operations/resiliency/health-checks/app-health/
/// </summary>
public sealed class AppHealthTests(AppHealthTests.Ward ward) : IClassFixture<AppHealthTests.Ward>, IAsyncLifetime
{
    private const string Unhealthy = "rpc error: code = Internal desc = app is not in a healthy state";

    private const string Channel = "rpc error: code = Internal desc = error invoking app channel: ";

    private readonly string _mark = Guid.NewGuid().ToString("N");

    private TestWorld World => ward.World;

    /// <summary>Every test begins with a patient that is well.</summary>
    public async ValueTask InitializeAsync() => await WellAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task An_app_is_unwell_until_it_has_said_otherwise()
    {
        var late = World["late"];
        Assert.Equal("ERR_HEALTH_NOT_READY", (await World.CallAsync("late", "GET", "/v1.0/healthz")).ErrorCode);
        Assert.Equal(204, (await World.CallAsync("late", "GET", "/v1.0/healthz/outbound")).Status);
        await late.HeardAsync(IsProbe, 2);
        Assert.Equal(500, (await World.CallAsync("asker", "GET", "/v1.0/invoke/late/method/x")).Status);
        Assert.All(late.Log, heard => Assert.Equal("/healthz", heard.Target));
        var metadata = (await World.CallAsync("late", "GET", "/v1.0/metadata")).Json;
        if (World.Sidecars.RedisHost is not null) Assert.Equal(["lasting-words"], TopicsOf(metadata));
        Assert.Equal("INITIALIZING", metadata.GetProperty("actorRuntime").GetProperty("runtimeStatus").GetString());
        var actor = World.CallAsync("late", "POST", "/v1.0/actors/late/1/method/x");
        ward.Late.Status = 200;
        Assert.Equal(200, (await actor).Status);
        await late.HeardAsync(heard => heard.Path == "/dapr/subscribe");
        await late.HeardAsync(heard => heard.Path == "/dapr/config");
        await TestWorld.EventuallyAsync(async () => (await World.CallAsync("late", "GET", "/v1.0/healthz")).Status == 204, "its sidecar");
        Assert.Equal(200, (await World.CallAsync("asker", "GET", "/v1.0/invoke/late/method/x")).Status);
    }

    [Fact]
    public async Task It_is_asked_at_the_path_and_without_a_token()
    {
        var probe = (await World["patient"].HeardAsync(IsProbe))[0];
        Assert.Equal(("GET", "/how-are-you?really=1", ""), (probe.Method, probe.Target, probe.Text));
        Assert.DoesNotContain("dapr-api-token", probe.Headers.Keys);
    }

    [Theory]
    [InlineData(302)]
    [InlineData(404)]
    [InlineData(null)]
    public async Task An_app_is_unwell_that_answers_with_no_success_or_too_late(int? status)
    {
        if (status is { } answered) ward.Patient.Status = answered;
        else ward.Patient.IsSlow = true;
        await RefusedAsync();
    }

    [Theory]
    [InlineData(204)]
    [InlineData(299)]
    public async Task Any_success_says_that_it_is_well(int status)
    {
        await UnwellAsync();
        ward.Patient.Status = status;
        await AdmittedAsync();
    }

    [Fact]
    public async Task Calls_of_an_unwell_app_are_refused()
    {
        await UnwellAsync();
        var answer = await World.CallAsync("asker", "POST", $"/v1.0/invoke/patient/method/{_mark}", "1");
        Assert.Equal((500, "ERR_DIRECT_INVOKE"), (answer.Status, answer.ErrorCode));
        Assert.Equal($"failed to invoke, id: patient, err: {Channel}{Unhealthy}", answer.Message);
        var byHeader = await World.CallAsync("asker", "POST", $"/{_mark}", "1", ("dapr-app-id", "patient"));
        Assert.Equal((500, answer.Message), (byHeader.Status, byHeader.Message));
        Assert.DoesNotContain(World["patient"].Log, heard => heard.Target.Contains(_mark, StringComparison.Ordinal));
    }

    [Fact]
    public async Task So_are_its_own()
    {
        await UnwellAsync();
        var answer = await World.CallAsync("patient", "POST", $"/v1.0/invoke/patient/method/{_mark}", "1");
        Assert.Equal((500, $"failed to invoke, id: patient, err: {Unhealthy}"), (answer.Status, answer.Message));
    }

    [Fact]
    public async Task So_are_those_over_grpc()
    {
        await UnwellAsync();
        var request = new InvokeServiceRequest
        {
            Id = "patient",
            Message = new InvokeRequest { Method = _mark, HttpExtension = new HTTPExtension { Verb = HTTPExtension.Types.Verb.Post } },
        };
        var failure = await Assert.ThrowsAsync<RpcException>(async () => await new Client(World.Grpc("asker")).InvokeServiceAsync(request));
        Assert.Equal(
            (StatusCode.Internal, $"failed to invoke, id: patient, err: {Channel}{Unhealthy}"),
            (failure.StatusCode, failure.Status.Detail));
    }

    [Fact]
    public async Task Its_sidecar_still_serves_it()
    {
        await UnwellAsync();
        string[] targets = ["/v1.0/healthz", "/v1.0/healthz/outbound", "/v1.0/state/store/nothing", "/v1.0/invoke/asker/method/x?status=204"];
        foreach (var target in targets)
            Assert.Equal(204, (await World.CallAsync("patient", "GET", target)).Status);
        Assert.Equal(204, (await World.CallAsync("patient", "POST", "/v1.0/publish/pubsub/nobody-hears", "1")).Status);
    }

    [Fact]
    public async Task What_is_published_meanwhile_comes_when_it_is_well()
    {
        SkipWithoutRedis();
        await UnwellAsync();
        await PublishAsync("lasting", "lasting-news");
        await Task.Delay(1500);
        Assert.Equal(0, Events());
        await WellAsync();
        await World["patient"].HeardAsync(IsEvent, 1, 20);
        await Task.Delay(500);
        Assert.Equal(1, Events());
    }

    [Fact]
    public async Task What_it_is_at_it_may_end()
    {
        var door = await UnwellAtWorkAsync();
        door.SetResult();
        await Task.Delay(1000);
        await WellAsync();
        await Task.Delay(1000);
        Assert.Equal(1, Events());
    }

    [Fact]
    public async Task What_it_fails_at_meanwhile_comes_again()
    {
        var door = await UnwellAtWorkAsync();
        door.SetException(new InvalidOperationException("as the test wishes"));
        await Task.Delay(1000);
        ward.Patient.Door = Task.CompletedTask;
        await WellAsync();
        await World["patient"].HeardAsync(IsEvent, 2, 20);
        Assert.DoesNotContain(
            World["patient"].Log, heard => heard.Path == "/on/graves" && heard.Text.Contains(_mark, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Timers_go_on_when_it_is_well()
    {
        var path = $"/v1.0/actors/patient/{_mark}/timers/t";
        Assert.Equal(204, (await World.CallAsync("patient", "POST", path, """{"dueTime":"1s","period":"1s"}""")).Status);
        await World["patient"].HeardAsync(IsTimer);
        await UnwellAsync();
        await Task.Delay(2500);
        await WellAsync();
        await World["patient"].HeardAsync(IsTimer, World["patient"].Log.Count(IsTimer) + 2);
        await World.CallAsync("patient", "DELETE", path);

        bool IsTimer(Heard heard) => heard.Path == $"/actors/patient/{_mark}/method/timer/t";
    }

    [Fact]
    public async Task A_stream_flows_on()
    {
        await UnwellAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        using var stream = new Client(World.Grpc("patient")).SubscribeTopicEventsAlpha1(cancellationToken: limit.Token);
        await stream.RequestStream.WriteAsync(new SubscribeTopicEventsRequestAlpha1
        {
            InitialRequest = new SubscribeTopicEventsRequestInitialAlpha1 { PubsubName = "pubsub", Topic = _mark },
        });
        Assert.True(await stream.ResponseStream.MoveNext(limit.Token));
        await Task.Delay(100);
        await PublishAsync("pubsub", _mark, "patient");
        Assert.True(await stream.ResponseStream.MoveNext(limit.Token));
        Assert.Equal(_mark, stream.ResponseStream.Current.EventMessage.Data.ToStringUtf8());
    }

    [Fact]
    public async Task Bindings_are_silent_meanwhile()
    {
        await World["patient"].HeardAsync(heard => heard.Path == "/patient-tick");
        await UnwellAsync();
        await Task.Delay(500);
        var ticks = Ticks();
        await Task.Delay(2200);
        Assert.Equal(ticks, Ticks());
        await WellAsync();
        await World["patient"].HeardAsync(heard => heard.Path == "/patient-tick", ticks + 2);
    }

    [Fact]
    public async Task Whether_it_wants_a_binding_it_is_asked_again()
    {
        var asked = World["patient"].Log.Count(IsQuestion);
        Assert.InRange(asked, 1, int.MaxValue);
        await UnwellAsync();
        await WellAsync();
        await World["patient"].HeardAsync(IsQuestion, asked + 1);
        Assert.DoesNotContain(World["patient"].Log, heard => heard is { Method: "OPTIONS", Path: "/patient-tick" });

        static bool IsQuestion(Heard heard) => heard is { Method: "OPTIONS", Path: "/patient-tock" };
    }

    [Fact]
    public async Task Its_actors_are_nowhere_meanwhile()
    {
        var target = $"/v1.0/actors/patient/{_mark}/method/x";
        Assert.Equal(200, (await World.CallAsync("asker", "POST", target)).Status);
        await UnwellAsync();
        await Task.Delay(500);
        var answer = await World.CallAsync("asker", "POST", target);
        Assert.Equal((500, "ERR_ACTOR_INVOKE_METHOD"), (answer.Status, answer.ErrorCode));
        Assert.Contains("did not find address for actor", answer.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(World["patient"].Log, heard => heard.Method == "DELETE");
        await WellAsync();
        await TestWorld.EventuallyAsync(async () => (await World.CallAsync("asker", "POST", target)).Status == 200, "the actor");
    }

    [Fact]
    public async Task Its_own_calls_of_actors_wait_until_it_is_well()
    {
        await UnwellAsync();
        await Task.Delay(500);
        var calls = new[]
        {
            World.CallAsync("patient", "POST", $"/v1.0/actors/patient/{_mark}/method/x"),
            World.CallAsync("patient", "PUT", $"/v1.0/actors/patient/{_mark}/reminders/r", """{"dueTime":"1h"}"""),
        };
        await Task.Delay(1000);
        Assert.All(calls, call => Assert.False(call.IsCompleted));
        await WellAsync();
        Assert.Equal([200, 204], (await Task.WhenAll(calls)).Select(answer => answer.Status));
        await World.CallAsync("patient", "DELETE", $"/v1.0/actors/patient/{_mark}/reminders/r");
    }

    [Fact]
    public async Task Reminders_wait_for_it()
    {
        var path = $"/v1.0/actors/patient/{_mark}/reminders/r";
        Assert.Equal(204, (await World.CallAsync("patient", "PUT", path, """{"dueTime":"2s"}""")).Status);
        await UnwellAsync();
        await Task.Delay(2500);
        Assert.DoesNotContain(World["patient"].Log, IsReminder);
        await WellAsync();
        await World["patient"].HeardAsync(IsReminder, 1, 20);

        bool IsReminder(Heard heard) => heard.Path == $"/actors/patient/{_mark}/method/remind/r";
    }

    [Fact]
    public async Task Metadata_tells_how_it_is_asked()
    {
        var metadata = (await World.CallAsync("patient", "GET", "/v1.0/metadata")).Json;
        var health = metadata.GetProperty("appConnectionProperties").GetProperty("health");
        Assert.Equal(("/how-are-you?really=1", "1s", "900ms", 1), (
            health.GetProperty("healthCheckPath").GetString(), health.GetProperty("healthProbeInterval").GetString(),
            health.GetProperty("healthProbeTimeout").GetString(), health.GetProperty("healthThreshold").GetInt32()));
        var connection = (await new Client(World.Grpc("patient")).GetMetadataAsync(new GetMetadataRequest())).AppConnectionProperties;
        Assert.Equal(("/how-are-you?really=1", "1s", "900ms", 1), (
            connection.Health.HealthCheckPath, connection.Health.HealthProbeInterval, connection.Health.HealthProbeTimeout,
            connection.Health.HealthThreshold));
    }

    [Fact]
    public async Task Of_an_app_that_is_not_asked_metadata_say_nothing()
    {
        var connection = (await World.CallAsync("asker", "GET", "/v1.0/metadata")).Json.GetProperty("appConnectionProperties");
        Assert.False(connection.TryGetProperty("health", out _));
        Assert.Null((await new Client(World.Grpc("asker")).GetMetadataAsync(new GetMetadataRequest())).AppConnectionProperties.Health);
    }

    [Fact]
    public async Task Metadata_keep_its_subscriptions_and_forget_its_actors()
    {
        await UnwellAsync();
        await Task.Delay(500);
        var metadata = (await World.CallAsync("patient", "GET", "/v1.0/metadata")).Json;
        Assert.Contains("news", TopicsOf(metadata));
        var actors = metadata.GetProperty("actorRuntime");
        Assert.Equal(("INITIALIZING", false), (actors.GetProperty("runtimeStatus").GetString(), actors.GetProperty("hostReady").GetBoolean()));
        await WellAsync();
        await TestWorld.EventuallyAsync(
            async () => (await World.CallAsync("patient", "GET", "/v1.0/metadata")).Json.GetProperty("actorRuntime")
                .GetProperty("runtimeStatus").GetString() == "RUNNING", "its actors");
    }

    [Fact]
    public async Task What_it_wants_it_is_asked_once()
    {
        await UnwellAsync();
        await WellAsync();
        await Task.Delay(500);
        var log = World["patient"].Log;
        Assert.Single(log, heard => heard.Path == "/dapr/config");
        Assert.Single(log, heard => heard.Path == "/dapr/subscribe");
    }

    /// <summary>As the code has it (<c>pkg/apphealth</c>): a success of an app that is well does not reset the count.</summary>
    [Fact]
    public async Task Failures_count_until_there_are_enough()
    {
        const string Target = "/v1.0/invoke/stoic/method/x";
        await FailAsync(2);
        Assert.Equal(200, (await World.CallAsync("asker", "GET", Target)).Status);
        ward.Stoic.Fail(1);
        await TestWorld.EventuallyAsync(async () => (await World.CallAsync("asker", "GET", Target)).Status == 500, "the third failure");
        await TestWorld.EventuallyAsync(async () => (await World.CallAsync("asker", "GET", Target)).Status == 200, "its recovery");
        await FailAsync(2);
        Assert.Equal(200, (await World.CallAsync("asker", "GET", Target)).Status);

        async Task FailAsync(int times)
        {
            var asked = World["stoic"].Log.Count(IsProbe);
            ward.Stoic.Fail(times);
            await World["stoic"].HeardAsync(IsProbe, asked + times + 2);
        }
    }

    private void SkipWithoutRedis() =>
        Assert.SkipWhen(World.Sidecars.RedisHost is null, "needs a broker that keeps messages: redis-server is not on the path");

    private static IEnumerable<string?> TopicsOf(JsonElement metadata) =>
        metadata.GetProperty("subscriptions").EnumerateArray().Select(subscription => subscription.GetProperty("topic").GetString());

    private static bool IsProbe(Heard heard) => heard.Path is "/how-are-you" or "/healthz";

    private bool IsEvent(Heard heard) => heard.Path == "/on/lasting-news" && heard.Text.Contains(_mark, StringComparison.Ordinal);

    private int Events() => World["patient"].Log.Count(IsEvent);

    private int Ticks() => World["patient"].Log.Count(heard => heard.Path == "/patient-tick");

    private async Task PublishAsync(string pubsub, string topic, string app = "asker") => await new Client(World.Grpc(app)).PublishEventAsync(
        new PublishEventRequest { PubsubName = pubsub, Topic = topic, Data = ByteString.CopyFromUtf8(_mark), DataContentType = "text/plain" });

    private Task UnwellAsync()
    {
        ward.Patient.Status = 500;
        return RefusedAsync();
    }

    /// <summary>It is at an event, and unwell; how that event ends is up to the test.</summary>
    private async Task<TaskCompletionSource> UnwellAtWorkAsync()
    {
        SkipWithoutRedis();
        var door = new TaskCompletionSource();
        ward.Patient.Door = door.Task;
        await PublishAsync("lasting", "lasting-news");
        await World["patient"].HeardAsync(IsEvent, 1, 20);
        await UnwellAsync();
        return door;
    }

    private Task WellAsync()
    {
        (ward.Patient.Status, ward.Patient.IsSlow) = (200, false);
        return AdmittedAsync();
    }

    private Task RefusedAsync() => TestWorld.EventuallyAsync(async () => await CallAsync() == 500, "the patient to be unwell");

    private Task AdmittedAsync() => TestWorld.EventuallyAsync(async () => await CallAsync() == 200, "the patient to be well");

    private async Task<int> CallAsync() => (await World.CallAsync("asker", "GET", "/v1.0/invoke/patient/method/x")).Status;

    public sealed class Ward : IAsyncLifetime
    {
        internal PatientApp Patient { get; } = new();

        internal PatientApp Stoic { get; } = new();

        internal PatientApp Late { get; } = new() { Status = 503 };

        public TestWorld World { get; }

        public Ward() => World = TestWorld.Of(
            new TestApp("asker", EchoApp.Map), Patient.App("patient", "/how-are-you?really=1"), Stoic.App("stoic", threshold: 3),
            Late.App("late"));

        public ValueTask InitializeAsync() => World.InitializeAsync();

        public ValueTask DisposeAsync() => World.DisposeAsync();
    }
}
