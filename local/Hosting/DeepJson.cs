using System.Text.Json;

namespace DaprShop.Local.Hosting;

/// <summary>What apps write may be nested deeper than .NET reads unless told (64): daprd reads whatever Go does.</summary>
internal static class DeepJson
{
    public const int MaxDepth = 1000;

    public static JsonDocumentOptions Reading { get; } = new() { MaxDepth = MaxDepth };

    public static bool IsJson(ReadOnlySpan<byte> text)
    {
        try
        {
            var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = MaxDepth });
            while (reader.Read())
            {
            }

            return text.Length > 0;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
