using System.Collections.Concurrent;
using System.Diagnostics;
using Dapr;
using Dapr.Client;

namespace DaprShop.Common;

/// <summary>
/// Publishes single events, together with those that others publish to the same topic at the same time: while one call to the sidecar is on
/// its way, what comes meanwhile waits and goes with the next. Nobody waits for company, so an idle shop is as quick as before, and a busy
/// one pays one call for many events (the idea of group commit).
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
        private readonly Lock _gate = new();
        private List<Entry> _waiting = [];
        private bool _busy;

        public Task Add(string eventId, T data)
        {
            var entry = new Entry(eventId, data, Activity.Current?.Id);
            lock (_gate)
            {
                _waiting.Add(entry);
                if (_busy) return entry.Sent.Task;
                _busy = true;
            }
            _ = SendAll();
            return entry.Sent.Task;
        }

        private async Task SendAll()
        {
            while (Take() is { Count: > 0 } batch)
            {
                try
                {
                    await Send(batch);
                    foreach (var entry in batch) entry.Sent.TrySetResult();
                }
                catch (Exception error)
                {
                    foreach (var entry in batch) entry.Sent.TrySetException(error);
                }
            }
        }

        private Task Send(List<Entry> batch) => batch is [var only]
            ? dapr.PublishAsync(topic, only.EventId, only.Data)
            : dapr.PublishAllAsync(topic, [.. batch.Select(entry => Publishing.Envelope(topic, entry.EventId, entry.Data, entry.Trace))]);

        private List<Entry> Take()
        {
            lock (_gate)
            {
                var taken = _waiting.Count <= MaxBatch ? _waiting : _waiting[..MaxBatch];
                _waiting = _waiting.Count <= MaxBatch ? [] : _waiting[MaxBatch..];
                _busy = taken.Count > 0;
                return taken;
            }
        }

        private sealed record Entry(string EventId, T Data, string? Trace)
        {
            public TaskCompletionSource Sent { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
