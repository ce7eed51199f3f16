using YamlDotNet.RepresentationModel;

namespace DaprShop.Deployment.Tests;

/// <summary>A piece of a YAML document, aliases and merge keys (<c>&lt;&lt;</c>) resolved. What is absent is an empty piece.</summary>
public sealed class Yaml
{
    private readonly YamlNode? _node;
    private readonly Dictionary<string, Yaml> _pairs = [];

    private Yaml(YamlNode? node)
    {
        _node = node;
        if (node is not YamlMappingNode map) return;
        foreach (var (key, value) in map.Children)
        {
            if (((YamlScalarNode)key).Value is not "<<") continue;
            foreach (var merged in value is YamlSequenceNode many ? many.Children : [value])
                foreach (var (name, inherited) in new Yaml(merged)._pairs) _pairs.TryAdd(name, inherited);
        }
        foreach (var (key, value) in map.Children)
            if (((YamlScalarNode)key).Value is { } name and not "<<") _pairs[name] = new Yaml(value);
    }

    public static Yaml None { get; } = new(null);

    /// <summary>The documents of a file; one that is not YAML, or has a key twice, is an exception.</summary>
    public static IReadOnlyList<Yaml> All(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return [.. stream.Documents.Select(document => new Yaml(document.RootNode))];
    }

    /// <summary>The one document of a file.</summary>
    public static Yaml One(string text) => All(text).Single();

    public Yaml this[string key] => _pairs.GetValueOrDefault(key) ?? None;

    /// <summary><c>a.b.c</c>, for keys without dots.</summary>
    public Yaml At(string path) => path.Split('.').Aggregate(this, (piece, key) => piece[key]);

    public bool Exists => _node is not null;

    /// <summary>A plain value; null for everything else.</summary>
    public string? Text => (_node as YamlScalarNode)?.Value;

    public bool IsMap => _node is YamlMappingNode;

    public bool IsList => _node is YamlSequenceNode;

    public IReadOnlyList<Yaml> Items => _node is YamlSequenceNode list ? [.. list.Children.Select(item => new Yaml(item))] : [];

    /// <summary>The plain values of a list; of a single value, that one.</summary>
    public IReadOnlyList<string> Texts => Text is { } text ? [text] : [.. Items.Select(item => item.Text ?? "")];

    public IReadOnlyDictionary<string, Yaml> Pairs => _pairs;

    public long Line => _node?.Start.Line ?? 0;

    /// <summary>Two of the same: key order and style do not count.</summary>
    public bool Is(Yaml other) => IsMap
        ? other.IsMap && _pairs.Count == other._pairs.Count && _pairs.All(pair => other[pair.Key].Exists && pair.Value.Is(other[pair.Key]))
        : IsList ? other.IsList && Items.Count == other.Items.Count && Items.Zip(other.Items).All(pair => pair.First.Is(pair.Second))
        : !other.IsMap && !other.IsList && Text == other.Text;

    /// <summary>This, and over it what an overlay says: maps key by key, all else as a whole.</summary>
    public Yaml Under(Yaml overlay)
    {
        if (!overlay.Exists) return this;
        if (!IsMap || !overlay.IsMap) return overlay;
        var merged = new Yaml(_node);
        foreach (var (key, value) in overlay._pairs) merged._pairs[key] = merged[key].Under(value);
        return merged;
    }
}
