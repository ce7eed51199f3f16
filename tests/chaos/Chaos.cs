using System.Globalization;

namespace DaprShop.Chaos.Tests;

/// <summary>Whether, and for how long, the shop is broken on purpose.</summary>
internal static class Chaos
{
    /// <summary>The collection of tests that each need the whole machine.</summary>
    public const string Machine = "machine";

    /// <summary>How long faults are injected at random: <c>DAPRSHOP_CHAOS_SECONDS</c>, an hour or a night for a soak.</summary>
    public static TimeSpan Duration { get; } = TimeSpan.FromSeconds(Number("DAPRSHOP_CHAOS_SECONDS") ?? 100);

    /// <summary><c>DAPRSHOP_CHAOS_SEED</c> does again what was done before.</summary>
    public static int Seed { get; } = Number("DAPRSHOP_CHAOS_SEED") ?? Random.Shared.Next(1_000_000);

    /// <summary>It takes minutes and both cores, so it runs only when asked for.</summary>
    public static void RequireAsked()
    {
        Assert.SkipUnless(
            Environment.GetEnvironmentVariable("DAPRSHOP_CHAOS") == "1", "Breaks a whole shop for minutes: set DAPRSHOP_CHAOS=1.");
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Kills and pauses processes with Linux's tools.");
    }

    /// <summary>For whoever watches, and for later: <c>artifacts/chaos/summary.txt</c>.</summary>
    public static void Tell(string text)
    {
        Console.WriteLine(text);
        File.AppendAllText(Path.Combine(Testing.Repository.Root, "artifacts", "chaos", "summary.txt"), text + Environment.NewLine);
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : null;
}
