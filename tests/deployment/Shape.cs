namespace DaprShop.Deployment.Tests;

/// <summary>
/// What a YAML document of a kind may say. Unknown keys, missing ones and values of the wrong sort are faults: the tools that read these
/// files pass over most of them in silence.
/// </summary>
public abstract record Shape
{
    public static readonly Shape Text = new Scalar(_ => true, "a plain value");
    public static readonly Shape Flag = new Scalar(text => text is "true" or "false", "true or false");
    public static readonly Shape Anything = new Free();

    public static Shape Texts { get; } = ListOf(Text);

    public static Shape OneOf(params string[] values) => new Scalar(text => values.Contains(text), string.Join(" or ", values));

    public static Shape ListOf(Shape item) => new Many(item);

    /// <summary>Any keys, each with such a value.</summary>
    public static Shape MapOf(Shape value) => new Named(value);

    /// <summary>These keys; one that ends in <c>!</c> must be there.</summary>
    public static Shape Map(params (string Key, Shape Value)[] keys) => new Fixed(keys.ToDictionary(
        key => key.Key.TrimEnd('!'), key => (key.Value, Required: key.Key.EndsWith('!'))));

    /// <summary>This, or that.</summary>
    public Shape Or(Shape other) => new Either(this, other);

    public abstract IEnumerable<string> Faults(Yaml yaml, string place);

    private sealed record Scalar(Func<string, bool> Fits, string What) : Shape
    {
        public override IEnumerable<string> Faults(Yaml yaml, string place) =>
            yaml.Text is { } text && Fits(text) ? [] : [$"{place} must be {What}"];
    }

    private sealed record Free : Shape
    {
        public override IEnumerable<string> Faults(Yaml yaml, string place) => [];
    }

    private sealed record Many(Shape Item) : Shape
    {
        public override IEnumerable<string> Faults(Yaml yaml, string place) => yaml.IsList
            ? yaml.Items.SelectMany((item, at) => Item.Faults(item, $"{place}[{at}]"))
            : [$"{place} must be a list"];
    }

    private sealed record Named(Shape Value) : Shape
    {
        public override IEnumerable<string> Faults(Yaml yaml, string place) => yaml.IsMap
            ? yaml.Pairs.SelectMany(pair => Value.Faults(pair.Value, $"{place}.{pair.Key}"))
            : [$"{place} must be a map"];
    }

    private sealed record Fixed(Dictionary<string, (Shape Value, bool Required)> Keys) : Shape
    {
        public override IEnumerable<string> Faults(Yaml yaml, string place) => !yaml.IsMap
            ? [$"{place} must be a map"]
            :
            [
                .. yaml.Pairs.Keys.Where(key => !Keys.ContainsKey(key)).Select(key => $"{place} has no key '{key}'"),
                .. Keys.Where(key => key.Value.Required && !yaml[key.Key].Exists).Select(key => $"{place} must have '{key.Key}'"),
                .. yaml.Pairs.Where(pair => Keys.ContainsKey(pair.Key))
                    .SelectMany(pair => Keys[pair.Key].Value.Faults(pair.Value, $"{place}.{pair.Key}")),
            ];
    }

    private sealed record Either(Shape This, Shape That) : Shape
    {
        public override IEnumerable<string> Faults(Yaml yaml, string place)
        {
            List<string> faults = [.. This.Faults(yaml, place)];
            return faults.Count == 0 || !That.Faults(yaml, place).Any() ? [] : faults;
        }
    }
}
