using System.Text.Json;
using DaprShop.Conformance.Tests.Apps;
using DaprShop.Conformance.Tests.Sidecars;

namespace DaprShop.Conformance.Tests;

/// <summary>A sidecar that asks its app how it is; every test begins with a patient that is well.</summary>
public abstract class AppHealthTest(AppHealthWard ward) : IClassFixture<AppHealthWard>, IAsyncLifetime
{
    /// <summary>Told from what other tests did.</summary>
    protected string Mark { get; } = Guid.NewGuid().ToString("N");

    protected AppHealthWard Ward => ward;

    protected TestWorld World => ward.World;

    public async ValueTask InitializeAsync() => await WellAsync();

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    protected static bool IsProbe(Heard heard) => heard.Path is "/how-are-you" or "/healthz";

    protected static IEnumerable<string?> TopicsOf(JsonElement metadata) =>
        metadata.GetProperty("subscriptions").EnumerateArray().Select(subscription => subscription.GetProperty("topic").GetString());

    /// <summary>Ends when calls are refused and all else has ended that ends with them.</summary>
    protected async Task UnwellAsync()
    {
        ward.Patient.Status = 500;
        await RefusedAsync();
        await TestWorld.EventuallyAsync(async () => await ActorsAsync() == "INITIALIZING", "the patient's actors to be gone");
        await Task.Delay(500);
    }

    protected Task WellAsync()
    {
        (ward.Patient.Status, ward.Patient.IsSlow) = (200, false);
        return AdmittedAsync();
    }

    protected Task RefusedAsync() => TestWorld.EventuallyAsync(async () => await CallAsync() == 500, "the patient to be unwell");

    protected Task AdmittedAsync() => TestWorld.EventuallyAsync(async () => await CallAsync() == 200, "the patient to be well");

    /// <summary>What the patient's sidecar says of its actors.</summary>
    protected async Task<string?> ActorsAsync() => (await World.CallAsync("patient", "GET", "/v1.0/metadata"))
        .Json.GetProperty("actorRuntime").GetProperty("runtimeStatus").GetString();

    private async Task<int> CallAsync() => (await World.CallAsync("asker", "GET", "/v1.0/invoke/patient/method/x")).Status;
}

/// <summary>Apps that are asked, and one that is not.</summary>
public sealed class AppHealthWard : IAsyncLifetime
{
    internal PatientApp Patient { get; } = new();

    internal PatientApp Stoic { get; } = new();

    internal PatientApp Late { get; } = new() { Status = 503 };

    public TestWorld World { get; }

    public AppHealthWard() => World = TestWorld.Of(
        new TestApp("asker", EchoApp.Map), Patient.App("patient", "/how-are-you?really=1"), Stoic.App("stoic", threshold: 3),
        Late.App("late"));

    public ValueTask InitializeAsync() => World.InitializeAsync();

    public ValueTask DisposeAsync() => World.DisposeAsync();
}
