using System.Diagnostics;
using DaprShop.Local.Errors;
using DaprShop.Local.Hosting;
using DaprShop.Local.Invocation;
using DaprShop.Local.Tracing;
using Grpc.Core;

namespace DaprShop.Local.PubSub;

/// <summary>One message of a bulk publish.</summary>
public readonly record struct PublishEntry(
    string EntryId, ReadOnlyMemory<byte> Data, string ContentType, IReadOnlyDictionary<string, string> Metadata);

/// <summary>The publish API of a sidecar, which HTTP and gRPC both call; errors are daprd's (<c>pkg/api/errors/pubsub.go</c>).</summary>
public sealed class PublishRequests(PubSubComponents components, Tracers tracers, TimeProvider time)
{
    /// <summary>Completes when the message is on disk for everyone who subscribed.</summary>
    public Task PublishAsync(
        HttpContext http, string pubsub, string topic, ReadOnlyMemory<byte> data, string contentType,
        IReadOnlyDictionary<string, string> metadata)
    {
        var sidecar = http.GetSidecar();
        var (component, isRaw) = Check(sidecar, pubsub, topic, metadata);
        if (component.Policy is null && !component.Broker.Keeps(pubsub, topic) && !CloudEvents.Is(contentType, CloudEvents.ContentType))
            return Task.CompletedTask;
        var trace = http.Request.Headers.TraceContext();
        var envelope = isRaw ? Raw(data, trace) : Wrap(sidecar, pubsub, topic, data, contentType, metadata, trace);
        return KeepAsync(http, component, topic, [envelope]);
    }

    /// <summary>All of them, or none.</summary>
    public async Task PublishAsync(
        HttpContext http, string pubsub, string topic, IReadOnlyList<PublishEntry> entries, IReadOnlyDictionary<string, string> metadata)
    {
        var sidecar = http.GetSidecar();
        var (component, isRaw) = Check(sidecar, pubsub, topic, metadata);
        CheckIds(sidecar, pubsub, topic, entries);
        var trace = http.Request.Headers.TraceContext();
        var tracer = isRaw ? null : tracers.Of(sidecar);
        Activity?[] spans = tracer is null ? [] : new Activity?[entries.Count];
        try
        {
            var envelopes = entries.Select((entry, i) =>
            {
                if (isRaw) return Raw(entry.Data, trace);
                var own = tracer is not null && (spans[i] = StartEntry(http, tracer, trace)) is { Id: { } id } ? trace with { Parent = id } : trace;
                return Wrap(sidecar, pubsub, topic, entry.Data, entry.ContentType, Merge(metadata, entry.Metadata), own);
            }).ToArray();
            await KeepAsync(http, component, topic, envelopes);
        }
        finally
        {
            foreach (var span in spans) span?.Dispose();
        }
    }

    /// <summary>Each event of a bulk has a span of its own, which those who take it go on from; over gRPC daprd writes a slash behind.</summary>
    private static Activity? StartEntry(HttpContext http, SidecarTracer tracer, TraceContext trace)
    {
        var path = http.Request.Path.Value!;
        return tracer.Start(GrpcProxy.IsCall(http.Request) ? path + "/" : path, ActivityKind.Producer, trace.Parent, trace.State);
    }

    /// <summary>Checks what the address names, before a body is read.</summary>
    /// <returns>Where it goes, and whether the payload goes as it is.</returns>
    public (PubSubComponent Component, bool IsRaw) Check(Sidecar sidecar, string pubsub, string topic, IReadOnlyDictionary<string, string> metadata)
    {
        if (pubsub.Length == 0)
        {
            throw new DaprError(404, "ERR_PUBSUB_EMPTY", StatusCode.InvalidArgument, "pubsub name is empty")
            {
                Details = About(pubsub, "NAME_EMPTY", metadata),
            };
        }
        var component = components.Find(sidecar, pubsub) ?? throw NotFound(pubsub, metadata);
        if (topic.Length == 0)
        {
            throw new DaprError(404, "ERR_TOPIC_NAME_EMPTY", StatusCode.InvalidArgument, $"topic is empty in pubsub {pubsub}")
            {
                Details = About(pubsub, "TOPIC_NAME_EMPTY", metadata),
            };
        }
        var isRaw = IsRaw(pubsub, metadata);
        if (component.Scopes.MayPublish(topic)) return (component, isRaw);
        var reason = $"topic {topic} is not allowed for app id {sidecar.AppId}";
        throw new DaprError(403, "ERR_PUBSUB_FORBIDDEN", StatusCode.PermissionDenied, reason)
        {
            Details = About(pubsub, "FORBIDDEN", new Dictionary<string, string> { ["topic"] = topic, ["error"] = reason }),
        };
    }

    internal static DaprError NotFound(string pubsub, IReadOnlyDictionary<string, string>? details) =>
        new(404, "ERR_PUBSUB_NOT_FOUND", StatusCode.InvalidArgument, $"pubsub {pubsub} is not found")
        {
            Details = new ErrorDetails("DAPR_PUBSUB_NOT_FOUND", details),
        };

    private static async Task KeepAsync(HttpContext http, PubSubComponent component, string topic, Envelope[] envelopes)
    {
        var pubsub = component.Name;
        try
        {
            if (component.Policy is { } policy)
            {
                await policy.CallAsync(
                    static (all, _) => all.Broker.PublishAsync(all.Name, all.Topic, all.Envelopes),
                    (component.Broker, component.Name, Topic: topic, Envelopes: envelopes), http.RequestAborted);
            }
            else
            {
                await component.Broker.PublishAsync(pubsub, topic, envelopes);
            }
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            throw new DaprError(
                500, "ERR_PUBSUB_PUBLISH_MESSAGE", StatusCode.Internal,
                $"error when publishing to topic {topic} in pubsub {pubsub}: {failure.Message}")
            {
                Details = About(pubsub, "PUBLISH_MESSAGE", new Dictionary<string, string> { ["topic"] = topic, ["error"] = failure.Message }),
            };
        }
    }

    private Envelope Wrap(
        Sidecar sidecar, string pubsub, string topic, ReadOnlyMemory<byte> data, string contentType,
        IReadOnlyDictionary<string, string> metadata, TraceContext trace)
    {
        try
        {
            return CloudEvents.Wrap(data, contentType, sidecar.AppId, pubsub, topic, metadata, trace, time.GetUtcNow());
        }
        catch (InvalidCloudEvent error)
        {
            throw new DaprError(500, "ERR_PUBSUB_CLOUD_EVENTS_SER", StatusCode.InvalidArgument, "cannot create cloudevent")
            {
                Details = About(
                    pubsub, "CLOUD_EVENT_CREATION", new Dictionary<string, string> { ["appID"] = sidecar.AppId, ["error"] = error.Message }),
            };
        }
    }

    private static Envelope Raw(ReadOnlyMemory<byte> data, TraceContext trace) =>
        new(data, IsRaw: true, trace.Parent, ExpiresAt: null);

    private static void CheckIds(Sidecar sidecar, string pubsub, string topic, IReadOnlyList<PublishEntry> entries)
    {
        var ids = new HashSet<string>(StringComparer.Ordinal);
        if (entries.All(entry => entry.EntryId.Length > 0 && ids.Add(entry.EntryId))) return;
        const string Reason = "entryId is duplicated or not present for entry";
        throw new DaprError(
            400, "ERR_PUBSUB_EVENTS_SER", StatusCode.InvalidArgument,
            $"error marshaling events to bytes for topic {topic} pubsub {pubsub}. error: {Reason}")
        {
            Details = About(pubsub, "MARSHAL_EVENTS", new Dictionary<string, string> { ["appID"] = sidecar.AppId, ["error"] = Reason }),
        };
    }

    /// <summary>An entry with metadata of its own has the request's as well; one without has none, as in daprd.</summary>
    private static IReadOnlyDictionary<string, string> Merge(
        IReadOnlyDictionary<string, string> request, IReadOnlyDictionary<string, string> entry)
    {
        if (entry.Count == 0 || request.Count == 0) return entry;
        var merged = new Dictionary<string, string>(request, StringComparer.Ordinal);
        foreach (var (key, value) in entry) merged[key] = value;
        return merged;
    }

    private static ErrorDetails About(string pubsub, string reason, IReadOnlyDictionary<string, string> metadata) =>
        new("DAPR_PUBSUB_" + reason, metadata, ("pubsub", pubsub));

    private static bool IsRaw(string pubsub, IReadOnlyDictionary<string, string> metadata)
    {
        if (!metadata.TryGetValue("rawPayload", out var text) || text.Length == 0) return false;
        return text switch
        {
            "1" or "t" or "T" or "true" or "TRUE" or "True" => true,
            "0" or "f" or "F" or "false" or "FALSE" or "False" => false,
            _ => throw new DaprError(
                400, "ERR_PUBSUB_REQUEST_METADATA", StatusCode.InvalidArgument,
                $"failed deserializing metadata. Error: rawPayload value must be a valid boolean: actual is '{text}'")
            {
                Details = About(pubsub, "METADATA_DESERIALIZATION", metadata),
            },
        };
    }
}
