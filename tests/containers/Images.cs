using DaprShop.Containers.Tests;

[assembly: AssemblyFixture(typeof(Images))]

namespace DaprShop.Containers.Tests;

/// <summary>
/// The images of the nine services, built once from the bases that SDK_IMAGE and RUNTIME_IMAGE name, as docker-compose.yml builds them.
/// They take minutes, so they run with DAPRSHOP_CONTAINERS=1 only; without Docker they skip even so, but not in CI.
/// </summary>
public sealed class Images : IAsyncLifetime
{
    private static readonly bool s_wanted = Environment.GetEnvironmentVariable("DAPRSHOP_CONTAINERS") == "1";

    private string? _missing;

    public static TheoryData<string> Services { get; } =
        ["members", "catalog", "inventory", "basket", "ordering", "payment", "shipping", "notification", "web"];

    public static string Of(string service) => $"daprshop/{service}:tests";

    public void Require()
    {
        Assert.SkipUnless(s_wanted, "Builds and starts images for minutes: set DAPRSHOP_CONTAINERS=1.");
        if (_missing is null) return;
        if (Environment.GetEnvironmentVariable("CI") == "true") Assert.Fail(_missing);
        Assert.Skip(_missing);
    }

    public async ValueTask InitializeAsync()
    {
        if (!s_wanted) return;
        _missing = await WhatIsMissingAsync();
        if (_missing is null) await Docker.ComposeAsync(0, "build");
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static async Task<string?> WhatIsMissingAsync()
    {
        try
        {
            if ((await Docker.TryAsync(["info"])).ExitCode != 0) return "No Docker engine answers.";
            return (await Docker.TryAsync(["compose", "version"])).ExitCode == 0 ? null : "Docker Compose is not installed.";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "Docker is not installed.";
        }
    }
}
