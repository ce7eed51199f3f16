using System.Collections.Frozen;
using DaprShop.Local.Configuration;
using DaprShop.Local.Hosting;

namespace DaprShop.Local.PubSub;

/// <summary>
/// The embedded broker. Each (topic, app) that ever subscribed has a durable queue of its own; a publish is acknowledged once it is on
/// disk in all of them. A queue stays while its app is away.
/// </summary>
public sealed class Broker : IBroker, IAsyncDisposable
{
    private readonly SemaphoreSlim _adding = new(1);
    private readonly BrokerLog _log;
    private readonly TimeProvider _time;
    private volatile FrozenDictionary<(string PubSub, string Topic), BrokerQueue[]> _queues;

    /// <exception cref="ConfigurationError">The log cannot be opened.</exception>
    public Broker(DataDirectory data, TimeProvider time)
    {
        _time = time;
        _log = Open(Path.Combine(data.Path, "broker.db"), time);
        _queues = Index(_log.Queues.Select(queue =>
            new BrokerQueue(this, _log, time, queue.Id, queue.PubSub, queue.Topic, queue.App, queue.Depth)));
    }

    public bool Keeps(string pubsub, string topic) => _queues.ContainsKey((pubsub, topic));

    /// <summary>Completes when the envelopes are on disk in every queue of the topic. Without a queue there is nothing to keep.</summary>
    public Task PublishAsync(string pubsub, string topic, params IReadOnlyList<Envelope> envelopes) =>
        _queues.TryGetValue((pubsub, topic), out var queues) ? _log.AppendAsync(queues, envelopes) : Task.CompletedTask;

    /// <summary>The queue of an app; made, durably, when it is not there yet.</summary>
    public async Task<BrokerQueue> QueueAsync(string pubsub, string topic, string app)
    {
        await _adding.WaitAsync();
        try
        {
            if (_queues.GetValueOrDefault((pubsub, topic))?.FirstOrDefault(queue => queue.App == app) is { } present) return present;
            var added = new BrokerQueue(this, _log, _time, await _log.AddQueueAsync(pubsub, topic, app), pubsub, topic, app);
            _queues = Index(_queues.Values.SelectMany(queues => queues).Append(added));
            return added;
        }
        finally
        {
            _adding.Release();
        }
    }

    Task<IReadOnlyList<QueueDepth>> IBroker.DepthsAsync() => Task.FromResult<IReadOnlyList<QueueDepth>>(
        [.. Depths().Select(queue => new QueueDepth(queue.PubSub, queue.Topic, queue.App, queue.Depth))]);

    async Task<MessageQueue> IBroker.QueueAsync(string pubsub, string topic, string app) => await QueueAsync(pubsub, topic, app);

    internal IReadOnlyList<BrokerQueue> QueuesOf(string pubsub, string topic) => _queues.GetValueOrDefault((pubsub, topic)) ?? [];

    /// <summary>How many messages wait or are being handled, by topic and app.</summary>
    public IReadOnlyList<(string PubSub, string Topic, string App, int Depth)> Depths() =>
        [.. _queues.Values.SelectMany(queues => queues).Select(queue => (queue.PubSub, queue.Topic, queue.App, queue.Depth))];

    public async ValueTask DisposeAsync()
    {
        await _log.DisposeAsync();
        _adding.Dispose();
    }

    private static BrokerLog Open(string file, TimeProvider time)
    {
        try
        {
            return new BrokerLog(file, time);
        }
        catch (IOException failure)
        {
            throw new ConfigurationError($"cannot open {file}: {failure.Message}");
        }
    }

    private static FrozenDictionary<(string, string), BrokerQueue[]> Index(IEnumerable<BrokerQueue> queues) =>
        queues.GroupBy(queue => (queue.PubSub, queue.Topic)).ToFrozenDictionary(topic => topic.Key, topic => topic.ToArray());
}
