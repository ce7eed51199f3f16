using DaprShop.Local.Configuration;
using DaprShop.Local.Resiliency;

namespace DaprShop.Local.PubSub;

/// <summary>
/// One app's queue of one topic: what is fetched of it waits here. Workers, started when there is something to do, give messages to the
/// app's replicas in turn; a message that must wait for its next try waits aside, so that none waits behind it. Where the messages come
/// from, and what becomes of them, is for those who derive from it.
/// </summary>
public abstract class MessageQueue(string pubsub, string topic, string app, TimeProvider time)
{
    /// <summary>Messages in memory.</summary>
    protected const int MemoryLimit = 4096;

    private static readonly TimeSpan FetchAgainAfter = TimeSpan.FromSeconds(1);

    private readonly Queue<BrokerMessage> _ready = [];
    private IReadOnlyList<IConsumer> _consumers = [];
    private uint _turn;
    private int _workers;
    private TaskCompletionSource? _gathered;
    private int _gathering;

    public string PubSub { get; } = pubsub;

    public string Topic { get; } = topic;

    public string App { get; } = app;

    protected Lock Gate { get; } = new();

    /// <summary>Messages that wait for a worker. Under the gate.</summary>
    protected int Ready => _ready.Count;

    /// <summary>Whether there is a replica to take messages. Under the gate.</summary>
    protected bool HasConsumers => _consumers.Count > 0;

    /// <summary>Whether a worker could fetch more. Under the gate.</summary>
    protected virtual bool HasMore => false;

    /// <summary>A replica of the app takes messages from now on.</summary>
    public virtual void Attach(IConsumer consumer)
    {
        lock (Gate) _consumers = [.. _consumers, consumer];
        for (var i = 0; i < consumer.Concurrency; i++) Wake();
    }

    /// <summary>The replica takes no more; what it is busy with it may end.</summary>
    public void Detach(IConsumer consumer)
    {
        lock (Gate) _consumers = [.. _consumers.Where(other => other != consumer)];
    }

    /// <summary>The app is done with the message.</summary>
    public abstract void Done(BrokerMessage message);

    /// <summary>Takes the message out of the queue and puts its envelope to another topic, in one step.</summary>
    /// <exception cref="IOException">It may be here still.</exception>
    public abstract Task MoveAsync(BrokerMessage message, string topic, CancellationToken cancellation = default);

    /// <summary>Gives the message to the app again after a while.</summary>
    public void TryAgain(BrokerMessage message, TimeSpan delay) => _ = TryAgainAsync(message, delay);

    /// <summary>Puts a message where workers find it. Under the gate; <see cref="Wake"/> comes after.</summary>
    protected void Hold(BrokerMessage message)
    {
        _ready.Enqueue(message);
        if (_ready.Count >= _gathering) _gathered?.TrySetResult();
    }

    /// <summary>Starts a worker, when there is something to do and not yet enough of them.</summary>
    protected void Wake()
    {
        lock (Gate)
        {
            if (_consumers.Count == 0 || (_ready.Count == 0 && !HasMore)) return;
            if (_workers >= _consumers.Count * _consumers[0].Concurrency) return;
            _workers++;
        }

        ThreadPool.UnsafeQueueUserWorkItem(static queue => _ = queue.WorkAsync(), this, preferLocal: false);
    }

    /// <summary>A worker has nothing to do. True when it is to <see cref="Fetch"/>. Under the gate.</summary>
    protected virtual bool BeginFetch() => false;

    /// <summary>Holds more messages; false when that failed.</summary>
    protected virtual bool Fetch() => false;

    private async Task TryAgainAsync(BrokerMessage message, TimeSpan delay)
    {
        await Pause.ForAsync(delay, time);
        lock (Gate) _ready.Enqueue(message);
        Wake();
    }

    private async Task WorkAsync()
    {
        while (Take() is var (message, consumer))
        {
            if (consumer.Bulk is { } bulk) await consumer.DeliverAsync(this, await GatherAsync(message, bulk));
            else await consumer.DeliverAsync(this, message);
        }
    }

    /// <summary>The next message and who gets it; null, and the worker's end, when there is nothing to do.</summary>
    private (BrokerMessage, IConsumer)? Take()
    {
        while (true)
        {
            lock (Gate)
            {
                if (_consumers.Count > 0 && _ready.TryDequeue(out var message))
                    return (message, _consumers[(int)(_turn++ % (uint)_consumers.Count)]);
                if (_consumers.Count == 0 || !BeginFetch())
                {
                    _workers--;
                    return null;
                }
            }

            if (Fetch()) continue;
            lock (Gate) _workers--;
            _ = WakeAsync(FetchAgainAfter);
            return null;
        }
    }

    private async Task WakeAsync(TimeSpan delay)
    {
        await Task.Delay(delay, time);
        Wake();
    }

    /// <summary>As many messages as a bulk subscription wants, or those that come in time.</summary>
    private async Task<List<BrokerMessage>> GatherAsync(BrokerMessage first, BulkSubscribe bulk)
    {
        List<BrokerMessage> batch = [first];
        Task full;
        lock (Gate)
        {
            TakeInto(batch, bulk.MaxMessagesCount);
            if (batch.Count == bulk.MaxMessagesCount) return batch;
            _gathering = bulk.MaxMessagesCount - batch.Count;
            _gathered ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            full = _gathered.Task;
        }

        await Task.WhenAny(full, Task.Delay(TimeSpan.FromMilliseconds(bulk.MaxAwaitDurationMs), time));
        lock (Gate)
        {
            _gathered = null;
            TakeInto(batch, bulk.MaxMessagesCount);
        }

        return batch;
    }

    private void TakeInto(List<BrokerMessage> batch, int count)
    {
        while (batch.Count < count && _ready.TryDequeue(out var next)) batch.Add(next);
    }
}
