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
    public static async Task PublishAllAsync<T>(
        this DaprClient dapr, string topic, IEnumerable<T> events, Func<T, string> eventId, CancellationToken cancellation = default)
    {
        // Metadata is shared by a whole bulk, so each event brings its envelope along.
        var envelopes = events
            .Select(data => new CloudEvent<T>(data) { Id = eventId(data), SpecVersion = "1.0", Type = topic, Source = s_source })
            .ToArray();
        if (envelopes.Length == 0) return;
        var response = await dapr.BulkPublishEventAsync(PubSub, topic, envelopes, cancellationToken: cancellation);
        if (response.FailedEntries is [var failed, ..])
            throw new DaprException($"{response.FailedEntries.Count} of {envelopes.Length} events failed: {failed.ErrorMessage}");
    }
}
