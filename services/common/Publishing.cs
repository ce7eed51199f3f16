using Dapr;
using Dapr.Client;

namespace DaprShop.Common;

/// <summary>Publishes events under ids of their own, so that the same fact told twice is known to be the same.</summary>
public static class Publishing
{
    public const string PubSub = "pubsub";
    private static readonly Uri s_source = new("daprshop", UriKind.Relative);

    /// <summary>Publishes one event; returns once the broker has it.</summary>
    /// <exception cref="DaprException">The broker did not take it.</exception>
    public static Task PublishAsync<T>(
        this DaprClient dapr, string topic, string eventId, T data, CancellationToken cancellation = default) =>
        dapr.PublishEventAsync(PubSub, topic, data, new Dictionary<string, string> { ["cloudevent.id"] = eventId }, cancellation);

    /// <summary>Publishes many events in one call; returns once the broker has all of them.</summary>
    /// <exception cref="DaprException">The broker did not take them all; some may be out: publish all of them again.</exception>
    public static Task PublishAllAsync<T>(
        this DaprClient dapr, string topic, IEnumerable<T> events, Func<T, string> eventId, CancellationToken cancellation = default) =>
        dapr.PublishAllAsync(topic, [.. events.Select(data => Envelope(topic, eventId(data), data))], cancellation);

    /// <summary>An event in an envelope of its own: metadata is shared by a whole bulk.</summary>
    /// <param name="trace">The W3C <c>traceparent</c> of what caused it, where a bulk gathers events of many causes.</param>
    internal static CloudEvent<T> Envelope<T>(string topic, string eventId, T data, string? trace = null) => new(data)
    {
        Id = eventId,
        SpecVersion = "1.0",
        Type = topic,
        Source = s_source,
        // Dapr writes one value under both names.
        TraceId = trace,
        TraceParent = trace,
    };

    internal static async Task PublishAllAsync<T>(
        this DaprClient dapr, string topic, IReadOnlyList<CloudEvent<T>> envelopes, CancellationToken cancellation = default)
    {
        if (envelopes.Count == 0) return;
        var response = await dapr.BulkPublishEventAsync(PubSub, topic, envelopes, cancellationToken: cancellation);
        if (response.FailedEntries is [var failed, ..])
            throw new DaprException($"{response.FailedEntries.Count} of {envelopes.Count} events failed: {failed.ErrorMessage}");
    }
}
