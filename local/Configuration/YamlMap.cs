using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace DaprShop.Local.Configuration;

/// <summary>
/// A mapping in a YAML file, read strictly: whatever is unknown, missing or of the wrong type is a <see cref="ConfigurationError"/>
/// that names file and line. Dapr's own tools skip unknown keys in silence, so a typing mistake would go unnoticed until production.
/// </summary>
public sealed class YamlMap
{
    private readonly string _file;
    private readonly YamlMappingNode _node;

    private YamlMap(string file, YamlMappingNode node)
    {
        _file = file;
        _node = node;
    }

    /// <summary>E.g. <c>components/pubsub.yaml:7</c>.</summary>
    public string Source => $"{_file}:{_node.Start.Line}";

    /// <summary>The mappings of all non-empty documents of a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="name">What messages call it; the path unless given.</param>
    public static IReadOnlyList<YamlMap> ReadFile(string path, string? name = null)
    {
        name ??= DisplayName(path);
        try
        {
            return Parse(File.ReadAllText(path), name);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationError($"{name}: cannot be read: {error.Message}");
        }
    }

    /// <inheritdoc cref="ReadFile"/>
    public static IReadOnlyList<YamlMap> Parse(string text, string name)
    {
        var yaml = new YamlStream();
        try
        {
            yaml.Load(new StringReader(text));
        }
        catch (YamlException error)
        {
            var cause = error.InnerException as YamlException ?? error;
            var line = cause.Message.Contains("tab", StringComparison.Ordinal)
                ? LineIndentedByTab(text)
                : Math.Max(cause.Start.Line, cause.End.Line);
            throw new ConfigurationError($"{name}:{line}: not valid YAML: {OneLine(cause.Message)}");
        }
        var roots = yaml.Documents.Select(document => document.RootNode);
        return [.. roots.Where(root => !IsNull(root)).Select(root => Map(name, root, "the document"))];
    }

    /// <summary>The path as a person would write it: relative to the working directory when that is shorter.</summary>
    public static string DisplayName(string path)
    {
        var relative = Path.GetRelativePath(Environment.CurrentDirectory, path);
        return relative.StartsWith("..", StringComparison.Ordinal) ? path : relative.Replace('\\', '/');
    }

    /// <summary>Refuses every key that is not among <paramref name="keys"/>.</summary>
    public YamlMap Only(params IReadOnlyCollection<string> keys)
    {
        foreach (var (key, _) in Entries())
            if (!keys.Contains(key.Value!)) throw Error(key, $"unknown key '{key.Value}'{Suggestion(key.Value!, keys)}");
        return this;
    }

    public bool Has(string key) => Find(key) is not null;

    /// <summary>The keys, in the file's order.</summary>
    public IEnumerable<string> Keys => Entries().Select(entry => entry.Key.Value!);

    public string? Text(string key) => Find(key) is { } node ? ScalarOf(node, key) : null;

    public string RequiredText(string key) =>
        Text(key) is { Length: > 0 } text ? text : throw Error(Find(key) ?? _node, $"'{key}' is required");

    public int? Number(string key) => Parse<int>(
        key, "a whole number",
        (string text, out int value) => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value));

    public bool? Flag(string key) => Parse<bool>(key, "true or false", bool.TryParse);

    /// <summary>A nested mapping.</summary>
    public YamlMap? Map(string key) => Find(key) is { } node ? Map(_file, node, $"'{key}'") : null;

    public YamlMap RequiredMap(string key) => Map(key) ?? throw Error(_node, $"'{key}' is required");

    /// <summary>A list of mappings; empty when absent.</summary>
    public IReadOnlyList<YamlMap> Maps(string key) => [.. Items(key).Select(node => Map(_file, node, $"each of '{key}'"))];

    /// <summary>A list of plain values; empty when absent.</summary>
    public IReadOnlyList<string> Texts(string key) => [.. Items(key).Select(node => ScalarOf(node, key))];

    /// <summary>A mapping of names to plain values; empty when absent.</summary>
    public IReadOnlyDictionary<string, string> TextMap(string key) =>
        Map(key)?.Entries().ToDictionary(entry => entry.Key.Value!, entry => ScalarOf(entry.Value, entry.Key.Value!)) ?? [];

    /// <summary>An error at the line of <paramref name="key"/>, or of the mapping itself when the key is absent.</summary>
    public ConfigurationError Error(string key, string message) => Error(Find(key) ?? _node, message);

    private ConfigurationError Error(YamlNode node, string message) => new($"{_file}:{node.Start.Line}: {message}");

    private static YamlMap Map(string file, YamlNode node, string what) => node is YamlMappingNode map
        ? new YamlMap(file, map)
        : throw new ConfigurationError($"{file}:{node.Start.Line}: {what} must be a mapping (key: value)");

    private IEnumerable<(YamlScalarNode Key, YamlNode Value)> Entries()
    {
        foreach (var (key, value) in _node.Children)
            yield return (key as YamlScalarNode ?? throw Error(key, "a key must be plain text"), value);
    }

    private YamlNode? Find(string key) =>
        _node.Children.TryGetValue(new YamlScalarNode(key), out var node) && !IsNull(node) ? node : null;

    private YamlSequenceNode Items(string key) => Find(key) switch
    {
        null => [],
        YamlSequenceNode list => list,
        var node => throw Error(node, $"'{key}' must be a list"),
    };

    private string ScalarOf(YamlNode node, string key) =>
        node is YamlScalarNode scalar ? scalar.Value ?? "" : throw Error(node, $"'{key}' must be a plain value");

    private delegate bool TryParse<T>(string text, out T value);

    private T? Parse<T>(string key, string expected, TryParse<T> tryParse) where T : struct
    {
        if (Find(key) is not { } node) return null;
        var text = ScalarOf(node, key);
        return tryParse(text, out var value) ? value : throw Error(node, $"'{key}' must be {expected}, not '{text}'");
    }

    private static bool IsNull(YamlNode node) =>
        node is YamlScalarNode { Style: ScalarStyle.Plain, Value: null or "" or "~" or "null" };

    /// <summary>Of this mistake, the likeliest of all, the parser reports where the mapping began.</summary>
    private static long LineIndentedByTab(string text) =>
        1 + Array.FindIndex(text.Split('\n'), line => line.TrimStart(' ').StartsWith('\t'));

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");

    private static string Suggestion(string key, IReadOnlyCollection<string> known)
    {
        var (closest, distance) = known.Select(name => (name, Distance(key, name))).MinBy(candidate => candidate.Item2);
        return distance <= Math.Max(2, key.Length / 3) ? $"; did you mean '{closest}'?" : $"; known here: {string.Join(", ", known)}";
    }

    /// <summary>How many letters to change, add or remove to get from one to the other (Levenshtein), case aside.</summary>
    private static int Distance(string from, string to)
    {
        var row = Enumerable.Range(0, to.Length + 1).ToArray();
        for (var i = 1; i <= from.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                var change = diagonal + (char.ToLowerInvariant(from[i - 1]) == char.ToLowerInvariant(to[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(change, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[to.Length];
    }
}
