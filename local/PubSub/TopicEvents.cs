using System.Buffers;
using System.Collections.Frozen;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Dapr.AppCallback.Autogen.Grpc.v1;
using DaprShop.Local.Hosting;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace DaprShop.Local.PubSub;

/// <summary>CloudEvents in the messages of gRPC (daprd <c>pkg/runtime/pubsub/subscriptions.go</c>).</summary>
internal static class TopicEvents
{
    private const string Data = "data";
    private const string DataBase64 = "data_base64";

    /// <summary>Those have fields of their own; all others are extensions.</summary>
    private static readonly FrozenSet<string> s_fields = FrozenSet.Create(
        StringComparer.Ordinal, "id", "source", "datacontenttype", "type", "specversion", Data, DataBase64);

    /// <exception cref="JsonException">The event is none.</exception>
    public static TopicEventRequest Of(ReadOnlyMemory<byte> cloudEvent, Subscription subscription, string path)
    {
        var read = Of(cloudEvent);
        return new TopicEventRequest
        {
            Id = read.Id,
            Source = read.Source,
            Type = read.Type,
            SpecVersion = read.SpecVersion,
            DataContentType = read.DataContentType,
            Data = read.Data,
            Topic = subscription.Topic,
            PubsubName = subscription.PubSub,
            Path = path,
            Extensions = read.Extensions,
        };
    }

    /// <summary>One of many: a CloudEvent in its fields, a raw payload as it was published.</summary>
    /// <exception cref="JsonException">The event is none.</exception>
    public static TopicEventBulkRequestEntry Of(BulkEntry entry, bool isRaw)
    {
        var item = new TopicEventBulkRequestEntry { EntryId = entry.Id, ContentType = BulkEnvelope.ContentTypeOf(isRaw) };
        if (isRaw) item.Bytes = ByteString.CopyFrom(entry.Message.Envelope.Data.Span);
        else item.CloudEvent = Of(entry.Data);
        return item;
    }

    private static TopicEventCERequest Of(ReadOnlyMemory<byte> cloudEvent)
    {
        using var document = JsonDocument.Parse(cloudEvent, DeepJson.Reading);
        var fields = document.RootElement;
        var contentType = Text(fields, "datacontenttype");
        return new TopicEventCERequest
        {
            Id = Text(fields, "id"),
            Source = Text(fields, "source"),
            Type = Text(fields, "type"),
            SpecVersion = Text(fields, "specversion"),
            DataContentType = contentType,
            Data = DataOf(fields, contentType),
            Extensions = ExtensionsOf(fields),
        };
    }

    /// <summary>Bytes, text or JSON; of any other type there is none, as in daprd.</summary>
    /// <exception cref="FormatException">Not what its type says.</exception>
    private static ByteString DataOf(JsonElement fields, string contentType)
    {
        if (fields.TryGetProperty(DataBase64, out var bytes) && bytes.ValueKind != JsonValueKind.Null)
            return bytes.ValueKind == JsonValueKind.String ? ByteString.FromBase64(bytes.GetString()) : throw Unexpected();
        if (!fields.TryGetProperty(Data, out var data) || data.ValueKind == JsonValueKind.Null) return ByteString.Empty;
        if (IsText(contentType))
            return data.ValueKind == JsonValueKind.String ? ByteString.CopyFromUtf8(data.GetString()) : throw Unexpected();
        return CloudEvents.Is(contentType, "application/json") || CloudEvents.Is(contentType, CloudEvents.ContentType)
            ? ByteString.CopyFrom(JsonMarshal.GetRawUtf8Value(data))
            : ByteString.Empty;
    }

    private static bool IsText(string contentType) =>
        contentType.StartsWith("text/", StringComparison.OrdinalIgnoreCase) || CloudEvents.Is(contentType, "application/xml");

    private static FormatException Unexpected() => new("unexpected data type encountered in envelope");

    private static Struct ExtensionsOf(JsonElement fields)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var field in fields.EnumerateObject())
                if (!s_fields.Contains(field.Name)) field.WriteTo(json);
            json.WriteEndObject();
        }
        return Struct.Parser.ParseJson(Encoding.UTF8.GetString(buffer.WrittenSpan));
    }

    private static string Text(JsonElement fields, string name) =>
        fields.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}
