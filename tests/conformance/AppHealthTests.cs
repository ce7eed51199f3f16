using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Conformance.Tests.Sidecars;
using Grpc.Core;
using Client = Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient;

namespace DaprShop.Conformance.Tests;

/// <summary>
/// A sidecar that asks its app how it is (<c>enableAppHealthCheck</c>), and what it makes of the answers:
/// https://docs.dapr.io/operations/resiliency/health-checks/app-health/
/// </summary>
public sealed class AppHealthTests(AppHealthWard ward) : AppHealthTest(ward)
{
    private const string Unhealthy = "rpc error: code = Internal desc = app is not in a healthy state";

    private const string Channel = "rpc error: code = Internal desc = error invoking app channel: ";

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
        Ward.Late.Status = 200;
        Assert.Equal(200, (await actor).Status);
        await late.HeardAsync(heard => heard.Path == "/dapr/subscribe");
        await late.HeardAsync(heard => heard.Path == "/dapr/config");
        await TestWorld.EventuallyAsync(async () => (await World.CallAsync("late", "GET", "/v1.0/healthz")).Status == 204, "its sidecar");
        await TestWorld.EventuallyAsync(
            async () => (await World.CallAsync("asker", "GET", "/v1.0/invoke/late/method/x")).Status == 200, "the app to be called");
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
        if (status is { } answered) Ward.Patient.Status = answered;
        else Ward.Patient.IsSlow = true;
        await RefusedAsync();
    }

    [Theory]
    [InlineData(204)]
    [InlineData(299)]
    public async Task Any_success_says_that_it_is_well(int status)
    {
        await UnwellAsync();
        Ward.Patient.Status = status;
        await AdmittedAsync();
    }

    [Fact]
    public async Task Calls_of_an_unwell_app_are_refused()
    {
        await UnwellAsync();
        var answer = await World.CallAsync("asker", "POST", $"/v1.0/invoke/patient/method/{Mark}", "1");
        Assert.Equal((500, "ERR_DIRECT_INVOKE"), (answer.Status, answer.ErrorCode));
        Assert.Equal($"failed to invoke, id: patient, err: {Channel}{Unhealthy}", answer.Message);
        var byHeader = await World.CallAsync("asker", "POST", $"/{Mark}", "1", ("dapr-app-id", "patient"));
        Assert.Equal((500, answer.Message), (byHeader.Status, byHeader.Message));
        Assert.DoesNotContain(World["patient"].Log, heard => heard.Target.Contains(Mark, StringComparison.Ordinal));
    }

    [Fact]
    public async Task So_are_its_own()
    {
        await UnwellAsync();
        var answer = await World.CallAsync("patient", "POST", $"/v1.0/invoke/patient/method/{Mark}", "1");
        Assert.Equal((500, $"failed to invoke, id: patient, err: {Unhealthy}"), (answer.Status, answer.Message));
    }

    [Fact]
    public async Task So_are_those_over_grpc()
    {
        await UnwellAsync();
        var request = new InvokeServiceRequest
        {
            Id = "patient",
            Message = new InvokeRequest { Method = Mark, HttpExtension = new HTTPExtension { Verb = HTTPExtension.Types.Verb.Post } },
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
        Ward.Stoic.Fail(1);
        await TestWorld.EventuallyAsync(async () => (await World.CallAsync("asker", "GET", Target)).Status == 500, "the third failure");
        await TestWorld.EventuallyAsync(async () => (await World.CallAsync("asker", "GET", Target)).Status == 200, "its recovery");
        await FailAsync(2);
        Assert.Equal(200, (await World.CallAsync("asker", "GET", Target)).Status);

        async Task FailAsync(int times)
        {
            var asked = World["stoic"].Log.Count(IsProbe);
            Ward.Stoic.Fail(times);
            await World["stoic"].HeardAsync(IsProbe, asked + times + 2);
        }
    }
}
