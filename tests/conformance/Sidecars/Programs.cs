namespace DaprShop.Conformance.Tests.Sidecars;

/// <summary>Programs that the suite can do without.</summary>
internal static class Programs
{
    /// <summary>Where it is; null when it is not installed.</summary>
    public static string? OnPath(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
}
