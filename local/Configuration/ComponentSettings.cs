using System.Globalization;
using DaprShop.Local.Resiliency;

namespace DaprShop.Local.Configuration;

/// <summary>Reads the metadata of a component; what is wrong is told with the component's name and place.</summary>
public sealed class ComponentSettings(ComponentSpec spec)
{
    private const NumberStyles Integer = NumberStyles.AllowLeadingSign;
    private const NumberStyles Decimal = Integer | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;

    private static readonly (string Suffix, decimal Size)[] s_sizes =
    [
        ("Ki", 1L << 10), ("Mi", 1L << 20), ("Gi", 1L << 30), ("Ti", 1L << 40), ("Pi", 1L << 50), ("Ei", 1L << 60),
        ("k", 1e3m), ("M", 1e6m), ("G", 1e9m), ("T", 1e12m), ("P", 1e15m), ("E", 1e18m), ("", 1),
    ];

    public string Name => spec.Name;

    public string? Text(string name)
    {
        foreach (var (key, value) in spec.Metadata)
            if (string.Equals(key, name, StringComparison.OrdinalIgnoreCase)) return value.Length == 0 ? null : value;
        return null;
    }

    public bool Flag(string name) => Text(name) is { } text && IsTruthy(text);

    /// <summary>What daprd takes for yes.</summary>
    public static bool IsTruthy(string text) => text.Trim().ToLowerInvariant() is "true" or "1" or "yes" or "y" or "on" or "t";

    public int? Number(string name) => Text(name) is not { } text ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : throw Error($"{name} must be a number: '{text}'");

    /// <summary>A number of bytes, as Kubernetes writes them: <c>100</c>, <c>10Ki</c>, <c>1.5M</c>.</summary>
    public long? Bytes(string name)
    {
        if (Text(name) is not { } text) return null;
        var (suffix, size) = s_sizes.First(size => text.EndsWith(size.Suffix, StringComparison.Ordinal));
        return decimal.TryParse(text[..^suffix.Length], Decimal, CultureInfo.InvariantCulture, out var count)
            && Math.Abs(count) <= long.MaxValue / size && decimal.IsInteger(count * size)
            ? (long)(count * size)
            : throw Error($"{name} must be a size such as 10Mi: '{text}'");
    }

    /// <summary>A duration in Go's notation, or a number of seconds, or of another <paramref name="unit"/>.</summary>
    public TimeSpan? Duration(string name, TimeSpan? unit = null) => Text(name) is not { } text ? null
        : int.TryParse(text, Integer, CultureInfo.InvariantCulture, out var count) ? count * (unit ?? TimeSpan.FromSeconds(1))
        : GoDuration.TryParse(text, out var duration) ? duration
        : throw Error($"{name} must be a duration such as 30s: '{text}'");

    /// <summary>A comma-separated list.</summary>
    public IReadOnlyList<string> List(string name) =>
        Text(name)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];

    public ConfigurationError Error(string problem) => new($"{spec.Source}: component {spec.Name}: {problem}");
}
