using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using DaprShop.Local.Hosting;
using DaprShop.Local.Resiliency;

namespace DaprShop.Local.PubSub;

/// <summary>The trace that a publish belongs to, W3C.</summary>
public readonly record struct TraceContext(string Parent, string State);

/// <summary>The event could not be read.</summary>
public sealed class InvalidCloudEvent(string message) : Exception(message);

/// <summary>
/// Dapr's CloudEvents 1.0 envelope: what an app publishes is wrapped, what is a CloudEvent already is completed
/// (components-contrib <c>pubsub/envelope.go</c>). Fields are in the order that Go's JSON gives them.
/// </summary>
public static class CloudEvents
{
    public const string ContentType = "application/cloudevents+json";
    private const string Json = "application/json";
    private const string Binary = "application/octet-stream";
    private const string DefaultType = "com.dapr.event.sent";
    private const string SpecVersion = "1.0";

    /// <summary>Letters of all scripts as they are.</summary>
    internal static JsonWriterOptions Writing { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The envelope around what an app publishes.</summary>
    /// <param name="data">The payload.</param>
    /// <param name="contentType">Of the payload; empty means text.</param>
    /// <param name="source">The publishing app.</param>
    /// <param name="pubsub">The component.</param>
    /// <param name="topic">The topic.</param>
    /// <param name="metadata">Of the request: <c>cloudevent.*</c> overrides, <c>ttlInSeconds</c>.</param>
    /// <param name="trace">The publisher's trace.</param>
    /// <param name="now">The time of publishing.</param>
    /// <exception cref="InvalidCloudEvent">The content type says CloudEvent, the payload is none.</exception>
    public static Envelope Wrap(
        ReadOnlyMemory<byte> data, string contentType, string source, string pubsub, string topic,
        IReadOnlyDictionary<string, string> metadata, TraceContext trace, DateTimeOffset now)
    {
        var expires = TimeToLive(metadata) is { } ttl ? now + ttl : (DateTimeOffset?)null;
        if (!Is(contentType, ContentType)) return Create(data, contentType, source, pubsub, topic, metadata, trace, now, expires);
        try
        {
            return Complete(data, pubsub, topic, trace, now, expires);
        }
        catch (InvalidOperationException error)
        {
            // Half a surrogate pair is well-formed JSON and still no text.
            throw new InvalidCloudEvent(error.Message);
        }
    }

    /// <summary>The event that a subscriber with <c>rawPayload</c> gets.</summary>
    public static byte[] OfRaw(ReadOnlySpan<byte> data, string pubsub, string topic)
    {
        var buffer = new ArrayBufferWriter<byte>(data.Length * 4 / 3 + 300);
        using var json = new Utf8JsonWriter(buffer, Writing);
        json.WriteStartObject();
        json.WriteBase64String("data_base64"u8, data);
        json.WriteString("datacontenttype"u8, Binary);
        json.WriteString("id"u8, Guid.NewGuid());
        json.WriteString("pubsubname"u8, pubsub);
        json.WriteString("source"u8, "Dapr");
        json.WriteString("specversion"u8, SpecVersion);
        json.WriteString("topic"u8, topic);
        json.WriteString("type"u8, DefaultType);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>An event as it was published elsewhere; raw when it is no JSON object.</summary>
    public static Envelope Open(ReadOnlyMemory<byte> data)
    {
        string? parent = null, trace = null, expiration = null;
        try
        {
            var reader = new Utf8JsonReader(data.Span, new JsonReaderOptions { MaxDepth = DeepJson.MaxDepth });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return new Envelope(data, true, null, null);
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("traceparent"u8)) parent = ReadText(ref reader);
                else if (reader.ValueTextEquals("traceid"u8)) trace = ReadText(ref reader);
                else if (reader.ValueTextEquals("expiration"u8)) expiration = ReadText(ref reader);
                else reader.Skip();
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return new Envelope(data, true, null, null);
        }

        return new Envelope(
            data, false, parent ?? trace,
            DateTimeOffset.TryParse(expiration, CultureInfo.InvariantCulture, out var expires) ? expires : null);
    }

    private static string? ReadText(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.String) return reader.GetString();
        reader.Skip();
        return null;
    }

    private static Envelope Create(
        ReadOnlyMemory<byte> data, string contentType, string source, string pubsub, string topic,
        IReadOnlyDictionary<string, string> metadata, TraceContext trace, DateTimeOffset now, DateTimeOffset? expires)
    {
        var parent = Override(metadata, "traceparent") ?? Override(metadata, "traceid") ?? trace.Parent;
        var buffer = new ArrayBufferWriter<byte>(data.Length + 512);
        using var json = new Utf8JsonWriter(buffer, Writing);
        json.WriteStartObject();
        WriteData(json, data.Span, contentType);
        json.WriteString("datacontenttype"u8, contentType.Length == 0 ? "text/plain" : contentType);
        if (expires is { } end) json.WriteString("expiration"u8, Time(end));
        if (Override(metadata, "id") is { } id) json.WriteString("id"u8, id);
        else json.WriteString("id"u8, Guid.NewGuid());
        json.WriteString("pubsubname"u8, pubsub);
        json.WriteString("source"u8, Override(metadata, "source") ?? source);
        json.WriteString("specversion"u8, SpecVersion);
        if (Override(metadata, "subject") is { } subject) json.WriteString("subject"u8, subject);
        json.WriteString("time"u8, Time(now));
        json.WriteString("topic"u8, topic);
        json.WriteString("traceid"u8, parent);
        json.WriteString("traceparent"u8, parent);
        json.WriteString("tracestate"u8, Override(metadata, "tracestate") ?? trace.State);
        json.WriteString("type"u8, Override(metadata, "type") ?? DefaultType);
        json.WriteEndObject();
        json.Flush();
        return new Envelope(buffer.WrittenMemory, false, parent, expires);
    }

    /// <summary>JSON stays JSON, bytes become base64, all else is text; so is what says it is JSON and is not.</summary>
    private static void WriteData(Utf8JsonWriter json, ReadOnlySpan<byte> data, string contentType)
    {
        if (Is(contentType, Binary) || Is(contentType, "application/cloudevents+protobuf"))
        {
            json.WriteBase64String("data_base64"u8, data);
            return;
        }

        json.WritePropertyName("data"u8);
        if (Is(contentType, Json) && DeepJson.IsJson(data)) json.WriteRawValue(data, skipInputValidation: true);
        else json.WriteStringValue(Encoding.UTF8.GetString(data));
    }

    private static Envelope Complete(
        ReadOnlyMemory<byte> data, string pubsub, string topic, TraceContext trace, DateTimeOffset now, DateTimeOffset? expires)
    {
        using var document = Parse(data);
        var original = document.RootElement;
        var buffer = new ArrayBufferWriter<byte>(data.Length + 512);
        using var json = new Utf8JsonWriter(buffer, Writing);
        json.WriteStartObject();
        var hasTrace = original.TryGetProperty("traceid", out _);
        foreach (var field in original.EnumerateObject())
            if (!IsReplaced(field, hasTrace, expires)) Copy(field, json);
        if (IsMissing(original, "time")) json.WriteString("time"u8, Time(now));
        if (!hasTrace) json.WriteString("traceid"u8, trace.Parent);
        if (!hasTrace) json.WriteString("traceparent"u8, trace.Parent);
        if (IsMissing(original, "tracestate")) json.WriteString("tracestate"u8, trace.State);
        json.WriteString("topic"u8, topic);
        json.WriteString("pubsubname"u8, pubsub);
        if (IsNull(original, "source")) json.WriteString("source"u8, "Dapr");
        if (IsNull(original, "type")) json.WriteString("type"u8, DefaultType);
        if (IsNull(original, "specversion")) json.WriteString("specversion"u8, SpecVersion);
        if (expires is { } end) json.WriteString("expiration"u8, Time(end));
        json.WriteEndObject();
        json.Flush();
        return new Envelope(
            buffer.WrittenMemory, false,
            hasTrace ? Text(original, "traceparent") ?? Text(original, "traceid") : trace.Parent,
            expires ?? (DateTimeOffset.TryParse(Text(original, "expiration"), CultureInfo.InvariantCulture, out var given) ? given : null));
    }

    private static JsonDocument Parse(ReadOnlyMemory<byte> data)
    {
        try
        {
            var document = JsonDocument.Parse(data, DeepJson.Reading);
            if (document.RootElement.ValueKind == JsonValueKind.Object) return document;
            document.Dispose();
            throw new InvalidCloudEvent("a CloudEvent is a JSON object");
        }
        catch (JsonException error)
        {
            throw new InvalidCloudEvent(error.Message);
        }
    }

    private static bool IsReplaced(JsonProperty field, bool hasTrace, DateTimeOffset? expires) => field.Name switch
    {
        "topic" or "pubsubname" => true,
        "traceparent" => !hasTrace,
        "expiration" => expires is not null,
        "source" or "type" or "specversion" => field.Value.ValueKind == JsonValueKind.Null,
        _ => false,
    };

    private static bool IsMissing(JsonElement cloudEvent, string name) => !cloudEvent.TryGetProperty(name, out _);

    private static bool IsNull(JsonElement cloudEvent, string name) =>
        !cloudEvent.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null;

    private static string? Text(JsonElement cloudEvent, string name) =>
        cloudEvent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>The value as it came, for it need not be text that can be read.</summary>
    private static void Copy(JsonProperty field, Utf8JsonWriter json)
    {
        json.WritePropertyName(field.Name);
        json.WriteRawValue(JsonMarshal.GetRawUtf8Value(field.Value), skipInputValidation: true);
    }

    private static string? Override(IReadOnlyDictionary<string, string> metadata, string name)
    {
        const string prefix = "cloudevent.";
        foreach (var (key, value) in metadata)
        {
            if (value.Length > 0 && key.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)
                && key.AsSpan(prefix.Length).Equals(name, StringComparison.OrdinalIgnoreCase)) return value;
        }

        return null;
    }

    /// <summary><c>ttl</c> or <c>ttlInSeconds</c>: a Go duration or seconds. What is neither is ignored, as in daprd.</summary>
    internal static TimeSpan? TimeToLive(IReadOnlyDictionary<string, string> metadata)
    {
        var text = MetadataOf(metadata, "ttl") ?? MetadataOf(metadata, "ttlInSeconds");
        if (string.IsNullOrEmpty(text)) return null;
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds))
            return seconds > 0 ? TimeSpan.FromSeconds(seconds) : null;
        return GoDuration.TryParse(text, out var duration) ? duration < TimeSpan.Zero ? TimeSpan.Zero : duration : null;
    }

    private static string? MetadataOf(IReadOnlyDictionary<string, string> metadata, string name)
    {
        foreach (var (key, value) in metadata)
            if (key.Equals(name, StringComparison.OrdinalIgnoreCase)) return value;
        return null;
    }

    /// <summary>Content types compare without case and parameters.</summary>
    internal static bool Is(string contentType, string expected)
    {
        var end = contentType.IndexOf(';');
        return (end < 0 ? contentType : contentType.AsSpan(0, end)).Equals(expected, StringComparison.OrdinalIgnoreCase);
    }

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
