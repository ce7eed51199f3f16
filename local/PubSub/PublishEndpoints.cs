using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using DaprShop.Local.Errors;
using DaprShop.Local.Health;
using DaprShop.Local.Hosting;
using Grpc.Core;

namespace DaprShop.Local.PubSub;

/// <summary><c>/v1.0/publish</c>, as <c>pkg/api/http</c> of daprd serves it.</summary>
public static class PublishEndpoints
{
    private const string PublishError = "ERR_PUBSUB_PUBLISH_MESSAGE";

    private static readonly string[] Verbs = ["POST", "PUT"];

    public static void AddPubSub(this IServiceCollection services)
    {
        services.AddSingleton<PubSubComponents>().AddSingleton<Broker>().AddSingleton<PublishRequests>().AddSingleton<DeadLetters>()
            .AddSingleton<Subscriber>().AddSingleton<IAppObserver>(provider => provider.GetRequiredService<Subscriber>())
            .AddSingleton<IMetadataSource, SubscriptionMetadata>();
    }

    public static void MapPubSub(this IEndpointRouteBuilder routes)
    {
        // Reads components and subscriptions and opens the log, so that what is wrong with one is told at the start.
        _ = routes.ServiceProvider.GetRequiredService<Subscriber>();
        routes.MapMethods("/v1.0/publish/{pubsub}/{*topic:minlength(1)}", Verbs, PublishAsync);
        routes.MapMethods("/v1.0/publish/bulk/{pubsub}/{*topic:minlength(1)}", Verbs, PublishBulkAsync);
        routes.MapMethods("/v1.0-alpha1/publish/bulk/{pubsub}/{*topic:minlength(1)}", Verbs, PublishBulkAsync);
    }

    private static async Task PublishAsync(HttpContext http, string pubsub, string? topic, PublishRequests publish)
    {
        var metadata = MetadataOf(http.Request.Query);
        publish.Check(http.GetSidecar(), pubsub, topic ?? "", metadata);
        var body = await ReadAsync(http.Request);
        await publish.PublishAsync(http, pubsub, topic ?? "", body, http.Request.ContentType ?? "", metadata);
        http.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static async Task PublishBulkAsync(HttpContext http, string pubsub, string? topic, PublishRequests publish)
    {
        var metadata = MetadataOf(http.Request.Query);
        publish.Check(http.GetSidecar(), pubsub, topic ?? "", metadata);
        IReadOnlyList<PublishEntry> entries;
        try
        {
            using var body = await JsonDocument.ParseAsync(http.Request.Body, DeepJson.Reading, http.RequestAborted);
            entries = [.. body.RootElement.EnumerateArray().Select(ReadEntry)];
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException)
        {
            throw new DaprError(
                400, "ERR_PUBSUB_EVENTS_SER", StatusCode.InvalidArgument,
                $"error when unmarshaling the request for topic {topic} pubsub {pubsub}: {error.Message}")
            {
                Details = new ErrorDetails(
                    "DAPR_PUBSUB_UNMARSHAL_EVENTS", new Dictionary<string, string> { ["appID"] = http.GetSidecar().AppId }, ("pubsub", pubsub)),
            };
        }

        await PublishAllAsync(http, pubsub, topic ?? "", publish, metadata, entries);
    }

    private static async Task PublishAllAsync(
        HttpContext http, string pubsub, string topic, PublishRequests publish, Dictionary<string, string> metadata,
        IReadOnlyList<PublishEntry> entries)
    {
        try
        {
            await publish.PublishAsync(http, pubsub, topic, entries, metadata);
            http.Response.StatusCode = StatusCodes.Status204NoContent;
        }
        catch (DaprError error) when (error.Code == PublishError)
        {
            await FailAsync(http.Response, error.Status, error.Details!.Metadata!["error"], entries.Select(entry => entry.EntryId));
        }
    }

    /// <summary>Nothing of a bulk was published.</summary>
    internal static Task FailAsync(HttpResponse response, int status, string reason, IEnumerable<string> entryIds)
    {
        response.StatusCode = status;
        return response.WriteAsJsonAsync(new
        {
            failedEntries = entryIds.Select(entryId => new { entryId, error = reason }),
            errorCode = PublishError,
        });
    }

    /// <summary>Empty when it has none.</summary>
    internal static string EntryIdOf(JsonElement entry) => Text(entry, "entryId");

    /// <summary>
    /// <c>{"entryId","event","contentType","metadata"}</c>; the content type says how the event is written in JSON. Names compare without
    /// case, as Go's JSON does: the JavaScript SDK writes <c>entryID</c>.
    /// </summary>
    private static PublishEntry ReadEntry(JsonElement entry)
    {
        var contentType = Text(entry, "contentType");
        var payload = Member(entry, "event");
        byte[] data = contentType switch
        {
            _ when CloudEvents.Is(contentType, "application/octet-stream") => payload.GetBytesFromBase64(),
            _ when contentType.StartsWith("text/", StringComparison.OrdinalIgnoreCase) || CloudEvents.Is(contentType, "application/xml") =>
                Encoding.UTF8.GetBytes(payload.GetString()!),
            _ when CloudEvents.Is(contentType, "application/json") || CloudEvents.Is(contentType, CloudEvents.ContentType) =>
                JsonMarshal.GetRawUtf8Value(payload).ToArray(),
            _ => throw new FormatException("error: mismatch between contentType and event"),
        };
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        if (Member(entry, "metadata") is { ValueKind: JsonValueKind.Object } own)
            foreach (var item in own.EnumerateObject()) metadata[item.Name] = item.Value.GetString() ?? "";
        return new PublishEntry(EntryIdOf(entry), data, contentType, metadata);
    }

    private static JsonElement Member(JsonElement entry, string name) =>
        entry.EnumerateObject().LastOrDefault(member => member.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

    private static string Text(JsonElement entry, string name) =>
        Member(entry, name) is { ValueKind: not JsonValueKind.Undefined } value ? value.GetString() ?? "" : "";

    private static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpRequest request)
    {
        using var body = new MemoryStream((int)Math.Min(request.ContentLength ?? 1024, 1 << 20));
        await request.Body.CopyToAsync(body, request.HttpContext.RequestAborted);
        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }

    private static Dictionary<string, string> MetadataOf(IQueryCollection query)
    {
        const string prefix = "metadata.";
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in query)
            if (key.StartsWith(prefix, StringComparison.Ordinal)) metadata[key[prefix.Length..]] = value[0] ?? "";
        return metadata;
    }

    /// <summary>The caller's trace; one that begins here when it has none.</summary>
    internal static TraceContext TraceContext(this IHeaderDictionary headers)
    {
        var parent = headers.TraceParent.ToString();
        if (ActivityContext.TryParse(parent, null, out _)) return new TraceContext(parent, headers.TraceState.ToString());
        return new TraceContext(
            Activity.Current?.Id ?? $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-00",
            Activity.Current?.TraceStateString ?? "");
    }
}
