using DaprShop.Testing;

namespace DaprShop.Containers.Tests;

/// <summary>docker-compose.yml and its overlays as Docker Compose itself reads them.</summary>
public sealed class ComposeTests(Images images)
{
    public static TheoryData<string> Overlays { get; } =
        [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "deploy", "compose"), "*.yml").Select(file => Path.GetFileName(file)!).Order()];

    [Theory]
    [MemberData(nameof(Overlays))]
    public async Task An_overlay_fits(string overlay)
    {
        images.Require();
        Assert.Contains("gateway:", await ConfigAsync("--file", $"deploy/compose/{overlay}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_overlays_of_different_things_fit_together() => Assert.Contains(
        "sentry:",
        await ConfigAsync([.. new[] { "rabbitmq", "basket-on-postgres", "web-on-redis", "consul", "mtls", "observability" }
            .SelectMany(overlay => new[] { "--file", $"deploy/compose/{overlay}.yml" })]),
        StringComparison.Ordinal);

    [Fact]
    public async Task A_missing_secret_is_named()
    {
        images.Require();
        var output = await Docker.TryAsync(["compose", "--env-file", "/dev/null", "config", "--quiet"]);
        Assert.NotEqual(0, output.ExitCode);
        Assert.Contains("cp .env.example .env", output.Errors, StringComparison.Ordinal);
    }

    private async Task<string> ConfigAsync(params string[] files)
    {
        images.Require();
        string[] config = ["compose", "--env-file", ".env.example", "--file", "docker-compose.yml", .. files, "config"];
        return (await Docker.TryAsync(config, [("DAPR_TRUST_ANCHORS", "a certificate")])).OrFail(config);
    }
}
