using DaprShop.Testing;

namespace DaprShop.Deployment.Tests;

/// <summary>
/// The files of the repository, by path from its root, and what kustomize makes of the overlays. Rules read nothing else, so a rule is
/// tried on a copy in which one file says something else.
/// </summary>
public sealed class Tree
{
    public const string Local = "deploy/k8s/overlays/local, rendered";
    public const string Production = "deploy/k8s/overlays/production, rendered";

    private static readonly string[] s_made = ["bin", "obj", "node_modules", ".git", "data", "artifacts", "dist"];
    private static readonly Dictionary<string, Lazy<string>> s_rendered = new()
    {
        [Local] = new(() => Kustomize.Render("deploy/k8s/overlays/local")),
        [Production] = new(() => Kustomize.Render("deploy/k8s/overlays/production")),
    };

    private readonly Dictionary<string, string> _changed;

    private Tree(Dictionary<string, string> changed) => _changed = changed;

    public static Tree AsItIs { get; } = new([]);

    public string this[string path] =>
        _changed.TryGetValue(path, out var text) ? text
        : s_rendered.TryGetValue(path, out var rendered) ? rendered.Value
        : File.ReadAllText(Path.Combine(Repository.Root, path)).ReplaceLineEndings("\n");

    /// <summary>A copy in which the first <paramref name="old"/> of a file is <paramref name="changed"/>.</summary>
    public Tree With(string path, string old, string changed)
    {
        var text = this[path];
        var at = text.IndexOf(old, StringComparison.Ordinal);
        Assert.True(at >= 0, $"{path} does not say: {old}");
        return new Tree(new(_changed) { [path] = string.Concat(text.AsSpan(0, at), changed, text.AsSpan(at + old.Length)) });
    }

    /// <summary>Files in a folder and below, without what is built.</summary>
    public IEnumerable<string> Files(string folder, params IEnumerable<string> endings) =>
        Below(Path.Combine(Repository.Root, folder))
            .Where(file => endings.Any(ending => file.EndsWith(ending, StringComparison.Ordinal)))
            .Select(file => Path.GetRelativePath(Repository.Root, file).Replace('\\', '/'))
            .Order(StringComparer.Ordinal);

    private static IEnumerable<string> Below(string folder) => !Directory.Exists(folder) ? [] :
        Directory.EnumerateFiles(folder).Concat(
            Directory.EnumerateDirectories(folder).Where(found => !s_made.Contains(Path.GetFileName(found))).SelectMany(Below));
}
