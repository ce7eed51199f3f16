using System.Buffers;
using System.Text.Json;

namespace DaprShop.Local.PubSub;

/// <summary>A message on its way to the app among others.</summary>
internal sealed record BulkEntry(BrokerMessage Message, ReadOnlyMemory<byte> Data, Route Route)
{
    public string Id { get; } = Guid.NewGuid().ToString();
}

/// <summary>The body of a bulk delivery (daprd <c>bulksubscribe_events.go</c>).</summary>
internal static class BulkEnvelope
{
    public static ReadOnlyMemory<byte> Write(IReadOnlyList<BulkEntry> entries, Subscription subscription)
    {
        var buffer = new ArrayBufferWriter<byte>(256 + entries.Sum(entry => entry.Data.Length + 100));
        using var json = new Utf8JsonWriter(buffer, CloudEvents.Writing);
        json.WriteStartObject();
        json.WriteStartArray("entries"u8);
        foreach (var entry in entries) WriteEntry(json, entry, subscription.IsRaw);
        json.WriteEndArray();
        json.WriteString("id"u8, Guid.NewGuid());
        json.WriteStartObject("metadata"u8);
        json.WriteString("pubsubName"u8, subscription.PubSub);
        json.WriteEndObject();
        json.WriteString("pubsubname"u8, subscription.PubSub);
        json.WriteString("topic"u8, subscription.Topic);
        json.WriteString("type"u8, "com.dapr.event.sent.bulk");
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    public static string ContentTypeOf(bool isRaw) => isRaw ? "application/octet-stream" : CloudEvents.ContentType;

    /// <summary>A CloudEvent as it is, a raw payload as base64.</summary>
    private static void WriteEntry(Utf8JsonWriter json, BulkEntry entry, bool isRaw)
    {
        json.WriteStartObject();
        json.WriteString("entryId"u8, entry.Id);
        json.WritePropertyName("event"u8);
        if (isRaw) json.WriteBase64StringValue(entry.Message.Envelope.Data.Span);
        else json.WriteRawValue(entry.Data.Span, skipInputValidation: true);
        json.WriteNull("metadata"u8);
        json.WriteString("contentType"u8, ContentTypeOf(isRaw));
        json.WriteEndObject();
    }
}
