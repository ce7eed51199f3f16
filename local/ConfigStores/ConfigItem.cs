using System.Text.Json.Serialization;

namespace DaprShop.Local.ConfigStores;

/// <summary>An item of configuration.</summary>
/// <param name="Value">Its value.</param>
/// <param name="Version">Empty when it has none.</param>
public sealed record ConfigItem(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] string? Value,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] string? Version)
{
    /// <summary>Of a value as daprd's Redis store has it: <c>value||version</c>; what comes after a second separator is nothing.</summary>
    public static ConfigItem Parse(string text) => text.Split("||") switch
    {
        [var value] => new ConfigItem(value, null),
        [var value, var version, ..] => new ConfigItem(value, version),
        _ => new ConfigItem(null, null),
    };
}
