using System.Collections.Concurrent;
using System.Diagnostics;
using Dapr;
using Dapr.Client;

namespace DaprShop.Common;

/// <summary>
/// Publishes single events, together with those that others publish to the same topic at the same time: see <see cref="Gathering{T}"/>.
/// </summary>
public sealed class EventPublisher(DaprClient dapr)
{
    private const int MaxBatch = 100;

    private readonly ConcurrentDictionary<string, object> _queues = new();

    /// <summary>Returns once the broker has the event.</summary>
    /// <param name="topic">The topic; always with the same <typeparamref name="T"/>.</param>
    /// <param name="eventId">The event's own id, the same whenever the same fact is told.</param>
    /// <param name="data">The fact.</param>
    /// <param name="cancellation">Stops waiting; the event may be published all the same.</param>
    /// <exception cref="DaprException">The broker did not take it, or may have.</exception>
    public Task PublishAsync<T>(string topic, string eventId, T data, CancellationToken cancellation = default) =>
        ((Queue<T>)_queues.GetOrAdd(topic, static (name, client) => new Queue<T>(client, name), dapr))
            .Add(eventId, data).WaitAsync(cancellation);

    private sealed class Queue<T>(DaprClient dapr, string topic)
    {
        private readonly Gathering<Entry> _entries = new(MaxBatch, batch => batch is [var only]
            ? dapr.PublishAsync(topic, only.EventId, only.Data)
            : dapr.PublishAllAsync(topic, [.. batch.Select(entry => Publishing.Envelope(topic, entry.EventId, entry.Data, entry.Trace))]));

        public Task Add(string eventId, T data) => _entries.AddAsync(new Entry(eventId, data, Activity.Current?.Id));

        private sealed record Entry(string EventId, T Data, string? Trace);
    }
}
