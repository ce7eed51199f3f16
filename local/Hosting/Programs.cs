namespace DaprShop.Local.Hosting;

/// <summary>Programs of the machine's, looked for as the operating system does.</summary>
public static class Programs
{
    /// <param name="name">Without an ending, e.g. <c>nginx</c>.</param>
    /// <param name="alsoIn">Folders that count even when the PATH lacks them.</param>
    /// <returns>Its path; null when it is not installed.</returns>
    public static string? Find(string name, params IEnumerable<string> alsoIn)
    {
        string[] endings = OperatingSystem.IsWindows() ? ["", ".exe", ".cmd", ".bat"] : [""];
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Concat(alsoIn)
            .SelectMany(folder => endings.Select(ending => Path.Combine(folder, name + ending)))
            .FirstOrDefault(File.Exists);
    }
}
