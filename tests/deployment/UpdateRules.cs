using System.Text.RegularExpressions;

namespace DaprShop.Deployment.Tests;

/// <summary>Whatever has a version is raised: by Dependabot, or by hand, and then docs/operations.md says so.</summary>
public static partial class UpdateRules
{
    public const string Dependabot = ".github/dependabot.yml";

    private const string Operations = "docs/operations.md";

    public static Rule[] All { get; } =
    [
        new("packages and actions are kept up to date", Packages),
        new("images are raised together, or by hand", Images),
    ];

    private static void Packages(Tree tree, Faults faults)
    {
        var updates = UpdatesOf(tree);
        (string System, IEnumerable<string> Folders)[] needed =
            [("nuget", [""]), ("github-actions", [""]), ("npm", tree.Files("", "/package.json").Select(FolderOf))];
        foreach (var (system, folders) in needed)
            foreach (var folder in folders)
                faults.When(
                    !updates.Exists(update => update.System == system && Holds(update.Folder, folder)),
                    $"{Dependabot}: {system} of /{folder} is not kept up to date");
        var groups = Yaml.One(tree[Dependabot])["multi-ecosystem-groups"].Pairs.Keys;
        foreach (var (system, folder, group, scheduled) in updates)
            faults.When(!scheduled && !groups.Contains(group), $"{Dependabot}: {system} of /{folder} is never looked at");
    }

    private static void Images(Tree tree, Faults faults)
    {
        var (images, updates) = (ImagesOf(tree), UpdatesOf(tree).Where(update => update.System.StartsWith("docker")).ToList());
        faults.When(updates.DistinctBy(update => update.Group).Count() > 1, $"{Dependabot}: images are raised one here and one there");
        foreach (var (system, folder, _, _) in updates)
            faults.When(!images.Exists(image => image.IsFoundBy(system, folder)), $"{Dependabot}: {system} finds nothing in /{folder}");
        var missed = images.Where(image => !updates.Exists(update => image.IsFoundBy(update.System, update.Folder)));
        var byHand = FirstCell().Matches(RaiseVersions().Match(tree[Operations]).Value).SelectMany(cell => Quoted().Matches(cell.Value));
        faults.Same($"{Operations}, by hand", missed.Select(image => image.Name), byHand.Select(quoted => quoted.Groups[1].Value));
    }

    private static List<(string System, string Folder, string Group, bool Scheduled)> UpdatesOf(Tree tree) =>
    [
        .. from update in Yaml.One(tree[Dependabot])["updates"].Items
           from folder in update["directory"].Texts.Concat(update["directories"].Texts)
           let together = update["multi-ecosystem-group"].Text ?? ""
           select (update["package-ecosystem"].Text!, folder.Trim('/'), together, update["schedule"].Exists),
    ];

    /// <summary>Those of others.</summary>
    private static List<Image> ImagesOf(Tree tree)
    {
        string[] files =
        [
            .. tree.Files("", Compose.File, "/Dockerfile"), .. tree.Files("deploy", ".yml", ".yaml"),
            .. tree.Files(".github/workflows", ".yml"),
        ];
        var images = files.SelectMany(file =>
            Declaration().Matches(tree[file]).Select(found => new Image(file, found.Groups[1].Value, found.Groups[2].Value)));
        return [.. images.Where(image => !image.Name.Contains("daprshop"))];
    }

    private static bool Holds(string pattern, string folder) =>
        pattern == folder || (pattern.EndsWith("/*") && FolderOf(folder) == pattern[..^2]);

    private static string FolderOf(string file) => Path.GetDirectoryName(file)?.Replace('\\', '/') ?? "";

    /// <summary>An image as a file names it.</summary>
    /// <param name="Before"><c>FROM </c>, <c>image: </c>, …</param>
    /// <param name="Text">With its tag, and with a variable that it is the default of.</param>
    private sealed record Image(string File, string Before, string Text)
    {
        public string Name => Compose.Interpolate(Text).Split(':')[0];

        /// <summary>Which files Dependabot reads and what it understands: dependabot-core, docker/lib/dependabot.</summary>
        public bool IsFoundBy(string system, string folder) => FolderOf(File) == folder && system switch
        {
            "docker" => Before is "FROM " or "image: " && Plain().IsMatch(Text),
            "docker-compose" => Before is "image: " && ComposeFile().IsMatch(File) && Plain().IsMatch(Default().Replace(Text, "$1")),
            _ => false,
        };
    }

    [GeneratedRegex(@"^\s*(?:- )?(FROM |ARG \w+_IMAGE=|image: |IMAGE: )(\S+:\S+)", RegexOptions.Multiline)]
    private static partial Regex Declaration();

    [GeneratedRegex(@"^[\w./-]+:[\w.-]+$")]
    private static partial Regex Plain();

    [GeneratedRegex(@"^\$\{\w+:-([^}]+)\}$")]
    private static partial Regex Default();

    [GeneratedRegex(@"(docker-)?compose(-\w+)?(\.[\w-]+)?\.ya?ml$", RegexOptions.IgnoreCase)]
    private static partial Regex ComposeFile();

    [GeneratedRegex(@"^## Raise versions\n.*?^## ", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex RaiseVersions();

    [GeneratedRegex(@"^\|[^|]*\|", RegexOptions.Multiline)]
    private static partial Regex FirstCell();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Quoted();
}
