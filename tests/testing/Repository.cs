namespace DaprShop.Testing;

/// <summary>Where the files of the repository are, whatever directory the tests run in.</summary>
public static class Repository
{
    /// <summary>The folder of <c>DaprShop.sln</c>.</summary>
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    private static string Find(string? folder) => folder switch
    {
        null => throw new InvalidOperationException("The tests do not run inside the repository."),
        _ when File.Exists(Path.Combine(folder, "DaprShop.sln")) => folder,
        _ => Find(Path.GetDirectoryName(folder)),
    };
}
