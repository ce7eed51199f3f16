using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Conformance.Tests.Apps;
using DaprShop.Conformance.Tests.Sidecars;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Client = Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient;

namespace DaprShop.Conformance.Tests;

/// <summary>A sidecar that asks an app that speaks gRPC how it is (<c>AppCallbackHealthCheck</c>): see <see cref="AppHealthTests"/>.</summary>
public sealed class CallbackHealthTests(CallbackHealthTests.Ward ward) : IClassFixture<CallbackHealthTests.Ward>, IAsyncLifetime
{
    private readonly string _mark = Guid.NewGuid().ToString("N");

    private TestWorld World => ward.World;

    private TestApp Speaker => World["speaker"];

    public async ValueTask InitializeAsync() => await WellAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task It_is_asked_without_a_token()
    {
        var probe = (await Speaker.HeardAsync(heard => heard.Method == "HealthCheck"))[0];
        Assert.Empty(probe.Body);
        Assert.DoesNotContain("dapr-api-token", probe.Headers.Keys);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Calls_of_an_unwell_app_are_refused(bool isSlow)
    {
        if (isSlow) (ward.Patient.IsSlow, ward.Patient.Status) = (true, 200);
        await UnwellAsync(isSlow ? 200 : 500);
        var answer = await World.CallAsync("asker", "POST", $"/v1.0/invoke/speaker/method/{_mark}", "1");
        Assert.Equal((500, "ERR_DIRECT_INVOKE"), (answer.Status, answer.ErrorCode));
        Assert.Equal(
            "failed to invoke, id: speaker, err: rpc error: code = Internal desc = error invoking app channel: "
                + "rpc error: code = Internal desc = app is not in a healthy state",
            answer.Message);
        Assert.DoesNotContain(Speaker.Log, heard => heard.Target == _mark);
    }

    [Fact]
    public async Task But_not_those_that_are_proxied()
    {
        await UnwellAsync();
        var call = World.Grpc("asker").AsyncUnaryCall(
            GrpcApp.Say, null, new CallOptions(new Metadata { { "dapr-app-id", "speaker" } }), new StringValue { Value = _mark });
        Assert.StartsWith(_mark, (await call).Value, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_published_meanwhile_comes_when_it_is_well()
    {
        Assert.SkipWhen(World.Sidecars.RedisHost is null, "needs a broker that keeps messages: redis-server is not on the path");
        await UnwellAsync();
        await new Client(World.Grpc("asker")).PublishEventAsync(new PublishEventRequest
        {
            PubsubName = "lasting",
            Topic = "lasting-words",
            Data = ByteString.CopyFromUtf8(_mark),
            DataContentType = "text/plain",
        });
        await Task.Delay(1500);
        Assert.DoesNotContain(Speaker.Log, IsEvent);
        await WellAsync();
        await Speaker.HeardAsync(IsEvent);

        bool IsEvent(Heard heard) => heard.Method == "OnTopicEvent" && heard.Text.Contains(_mark, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bindings_are_silent_meanwhile()
    {
        await Speaker.HeardAsync(IsTick);
        await UnwellAsync();
        var ticks = 0;
        // One that was told before may be heard a little later.
        await TestWorld.EventuallyAsync(
            async () =>
            {
                ticks = Speaker.Log.Count(IsTick);
                await Task.Delay(2200);
                return ticks == Speaker.Log.Count(IsTick);
            },
            "the binding to be silent");
        await WellAsync();
        await Speaker.HeardAsync(IsTick, ticks + 2);
        Assert.Single(Speaker.Log, heard => heard.Method == "ListInputBindings");
        Assert.Single(Speaker.Log, heard => heard.Method == "ListTopicSubscriptions");

        static bool IsTick(Heard heard) => heard.Method == "OnBindingEvent";
    }

    [Fact]
    public async Task Metadata_tell_of_no_path()
    {
        var metadata = (await World.CallAsync("speaker", "GET", "/v1.0/metadata")).Json;
        var health = metadata.GetProperty("appConnectionProperties").GetProperty("health");
        Assert.Equal(("1s", "900ms", 1), (
            health.GetProperty("healthProbeInterval").GetString(), health.GetProperty("healthProbeTimeout").GetString(),
            health.GetProperty("healthThreshold").GetInt32()));
        Assert.False(health.TryGetProperty("healthCheckPath", out _));
    }

    [Fact]
    public async Task An_app_that_cannot_be_asked_is_never_well()
    {
        await Task.Delay(1500);
        Assert.Equal(500, (await World.CallAsync("asker", "GET", "/v1.0/invoke/dumb/method/x")).Status);
        Assert.Equal("ERR_HEALTH_NOT_READY", (await World.CallAsync("dumb", "GET", "/v1.0/healthz")).ErrorCode);
        Assert.Empty(World["dumb"].Log);
    }

    private async Task UnwellAsync(int status = 500)
    {
        ward.Patient.Status = status;
        await TestWorld.EventuallyAsync(async () => await CallAsync() == 500, "the app to be unwell");
    }

    private async Task WellAsync()
    {
        (ward.Patient.Status, ward.Patient.IsSlow) = (200, false);
        await TestWorld.EventuallyAsync(async () => await CallAsync() == 200, "the app to be well");
    }

    private async Task<int> CallAsync() => (await World.CallAsync("asker", "GET", "/v1.0/invoke/speaker/method/x")).Status;

    public sealed class Ward : IAsyncLifetime
    {
        public Ward() => World = TestWorld.Of(
            new TestApp("asker", EchoApp.Map), Patient.GrpcApp("speaker"),
            new TestApp("dumb", CallbackApp.Map) { IsGrpc = true, Services = CallbackApp.AddServices, HealthCheck = new HealthCheck() });

        internal PatientApp Patient { get; } = new();

        public TestWorld World { get; }

        public ValueTask InitializeAsync() => World.InitializeAsync();

        public ValueTask DisposeAsync() => World.DisposeAsync();
    }
}
