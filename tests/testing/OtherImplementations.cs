using DaprShop.Local.Cli;
using DaprShop.Local.Configuration;
using DaprShop.Local.Hosting;

namespace DaprShop.Testing;

/// <summary>Services that exist in a second language: see <c>--swap</c> in local/README.md.</summary>
public static class OtherImplementations
{
    /// <summary>Whether tests that need Node.js are to be skipped: in CI it must be there.</summary>
    public static bool IsNodeMissing { get; } = Programs.Find("node") is null && Environment.GetEnvironmentVariable("CI") != "true";

    /// <summary>The app of dapr.yaml, with another implementation's folder, command and variables.</summary>
    /// <exception cref="ConfigurationError">It is not there, cannot be built, or needs a program that is not installed.</exception>
    public static RunFileApp Find(string appId, string name) =>
        Swap.For(RunFile.Read(Repository.Root).Apps.Single(app => app.AppId == appId), name, mayBuild: true);
}
