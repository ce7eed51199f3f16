namespace DaprShop.Local.Configuration;

/// <summary>Reads resource folders as daprd does: each <c>*.yaml</c> and <c>*.yml</c> directly in them, several documents a file.</summary>
public static class ResourceFiles
{
    private static readonly string[] s_kinds = ["Component", "Subscription", "Resiliency", "Configuration"];

    /// <summary>Reads the folders.</summary>
    /// <param name="folders">The folders, each read once.</param>
    /// <param name="configurationFiles">Files of <c>configFilePath</c>.</param>
    public static Resources Read(IEnumerable<string> folders, IEnumerable<string> configurationFiles)
    {
        List<string> distinct = [.. folders.Distinct(StringComparer.Ordinal)];
        return Compose(
            distinct,
            distinct.SelectMany(FilesIn)
                .Concat(configurationFiles.Distinct(StringComparer.Ordinal))
                .SelectMany(file => Documents(YamlMap.ReadFile(file))));
    }

    /// <summary>The resources of one file's text, for tests.</summary>
    public static Resources Parse(string text, string name) => Compose([], Documents(YamlMap.Parse(text, name)));

    private static Resources Compose(IReadOnlyList<string> folders, IEnumerable<ResourceDocument> documents)
    {
        var byKind = documents.ToLookup(document => document.Kind);
        var components = byKind["Component"].Select(ComponentFile.Parse).ToList();
        RefuseTwins(components);
        var secrets = new ComponentSecrets(components);
        return new Resources(
            folders,
            [.. components.Select(secrets.Resolve)],
            [.. byKind["Subscription"].Select(SubscriptionFile.Parse)],
            [.. byKind["Configuration"]]);
    }

    /// <summary>daprd skips a Resiliency that shares its file with something else, and says nothing.</summary>
    private static List<ResourceDocument> Documents(IReadOnlyList<YamlMap> file)
    {
        List<ResourceDocument> documents = [.. file.Select(Document)];
        if (documents.Count > 1 && documents.Find(document => document.Kind == "Resiliency") is { } shared)
            throw shared.Body.Error("kind", $"Resiliency '{shared.Name}' needs a file of its own, or daprd skips it");
        return documents;
    }

    private static IEnumerable<string> FilesIn(string folder) => Directory.Exists(folder)
        ? Directory.EnumerateFiles(folder).Where(IsYaml).Order(StringComparer.Ordinal)
        : throw new ConfigurationError($"{YamlMap.DisplayName(folder)}: the resources folder does not exist");

    /// <summary>Whether daprd reads a file of this name.</summary>
    internal static bool IsYaml(string file) => Path.GetExtension(file).ToLowerInvariant() is ".yaml" or ".yml";

    private static ResourceDocument Document(YamlMap body)
    {
        body.Only("apiVersion", "kind", "metadata", "spec", "scopes", "auth");
        var kind = body.RequiredText("kind");
        if (!s_kinds.Contains(kind)) throw body.Error("kind", $"kind '{kind}' is not served locally; known: {string.Join(", ", s_kinds)}");
        var versions = kind == "Subscription" ? new[] { "dapr.io/v2alpha1", "dapr.io/v1alpha1" } : ["dapr.io/v1alpha1"];
        var version = body.RequiredText("apiVersion");
        if (!versions.Contains(version))
            throw body.Error("apiVersion", $"apiVersion '{version}' of a {kind} must be {string.Join(" or ", versions)}");
        var metadata = body.RequiredMap("metadata").Only("name", "namespace", "labels", "annotations");
        return new ResourceDocument(version, kind, metadata.RequiredText("name"), body.Texts("scopes"), body);
    }

    private static void RefuseTwins(List<ComponentDraft> components)
    {
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var component in components)
            if (!seen.TryAdd(component.Name, component.Body.Source))
                throw new ConfigurationError($"{component.Body.Source}: component '{component.Name}' is already in {seen[component.Name]}");
    }
}
