using System.Buffers.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace DaprShop.Common;

/// <summary>Times on every wire of the shop are UTC, end in <c>Z</c> and have seven decimals, so that they sort as text.</summary>
internal sealed class UtcTimes : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetDateTimeOffset().ToUniversalTime();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options)
    {
        Span<byte> text = stackalloc byte["0000-00-00T00:00:00.0000000Z".Length];
        Utf8Formatter.TryFormat(value.UtcDateTime, text, out var length, 'O');
        writer.WriteStringValue(text[..length]);
    }
}
