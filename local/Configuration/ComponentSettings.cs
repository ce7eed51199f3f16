using System.Globalization;
using DaprShop.Local.Resiliency;

namespace DaprShop.Local.Configuration;

/// <summary>Reads the metadata of a component; what is wrong is told with the component's name and place.</summary>
public sealed class ComponentSettings(ComponentSpec spec)
{
    public string Name => spec.Name;

    public string? Text(string name)
    {
        foreach (var (key, value) in spec.Metadata)
            if (string.Equals(key, name, StringComparison.OrdinalIgnoreCase)) return value.Length == 0 ? null : value;
        return null;
    }

    public bool Flag(string name) => Text(name)?.ToLowerInvariant() is "true" or "1" or "yes" or "y" or "on" or "t";

    public int? Number(string name) => Text(name) is not { } text ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : throw Error($"{name} must be a number: '{text}'");

    /// <summary>A duration in Go's notation, or a number of seconds, or of another <paramref name="unit"/>.</summary>
    public TimeSpan? Duration(string name, TimeSpan? unit = null) => Text(name) is not { } text ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count * (unit ?? TimeSpan.FromSeconds(1))
        : GoDuration.TryParse(text, out var duration) ? duration
        : throw Error($"{name} must be a duration such as 30s: '{text}'");

    /// <summary>A comma-separated list.</summary>
    public IReadOnlyList<string> List(string name) =>
        Text(name)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];

    public ConfigurationError Error(string problem) => new($"{spec.Source}: component {spec.Name}: {problem}");
}
