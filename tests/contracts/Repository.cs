namespace DaprShop.Contracts.Tests;

/// <summary>Files of the repository, found from where the test runs.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    private static string FindRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "DaprShop.sln"))) directory = directory.Parent;
        return directory?.FullName ?? throw new InvalidOperationException("DaprShop.sln is in no parent directory.");
    }
}
