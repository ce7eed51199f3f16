using DaprShop.Local.Configuration;

namespace DaprShop.Local.PubSub;

/// <summary>
/// One app's queue of one topic. Committed messages are kept in memory up to a limit and beyond it only on disk, from where they are read
/// when their turn comes. Workers, started when there is something to do, give messages to the app's replicas in turn; a message that
/// must wait for its next try waits aside, so that none waits behind it.
/// </summary>
public sealed class BrokerQueue
{
    private const int MemoryLimit = 4096;
    private const int ReadAtOnce = 256;

    private static readonly TimeSpan ReadAgainAfter = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly BrokerLog _log;
    private readonly TimeProvider _time;
    private readonly Queue<BrokerMessage> _ready = [];
    private IReadOnlyList<IConsumer> _consumers = [];
    private uint _turn;
    private int _workers;
    private int _inMemory;
    private int _depth;
    private long _lastInMemory;
    private int _skipped;
    private bool _moreOnDisk;
    private bool _reading;
    private TaskCompletionSource? _gathered;
    private int _gathering;

    public BrokerQueue(BrokerLog log, TimeProvider time, long id, string pubsub, string topic, string app, int depth = 0)
    {
        _log = log;
        _time = time;
        (Id, PubSub, Topic, App) = (id, pubsub, topic, app);
        (_depth, _moreOnDisk) = (depth, depth > 0);
    }

    public long Id { get; }

    public string PubSub { get; }

    public string Topic { get; }

    public string App { get; }

    /// <summary>Messages that the app is not done with.</summary>
    public int Depth
    {
        get
        {
            lock (_lock) return _depth;
        }
    }

    /// <summary>A replica of the app takes messages from now on.</summary>
    public void Attach(IConsumer consumer)
    {
        lock (_lock) _consumers = [.. _consumers, consumer];
        for (var i = 0; i < consumer.Concurrency; i++) Wake();
    }

    /// <summary>The replica takes no more; what it is busy with it may end.</summary>
    public void Detach(IConsumer consumer)
    {
        lock (_lock) _consumers = [.. _consumers.Where(other => other != consumer)];
    }

    /// <summary>A message is on disk. Called in the order of the log.</summary>
    internal void Arrived(BrokerMessage message)
    {
        lock (_lock)
        {
            _depth++;
            if (message.Id <= _lastInMemory) return;
            if (_moreOnDisk || _inMemory >= MemoryLimit)
            {
                _moreOnDisk = true;
                _skipped++;
                return;
            }

            Hold(message);
        }

        Wake();
    }

    /// <summary>The app is done with the message.</summary>
    public void Done(BrokerMessage message, bool isRemoved = false)
    {
        if (!isRemoved) _log.Remove(message);
        lock (_lock)
        {
            _depth--;
            _inMemory--;
        }
    }

    /// <summary>Gives the message to the app again after a while.</summary>
    public void TryAgain(BrokerMessage message, TimeSpan delay) => _ = TryAgainAsync(message, delay);

    private async Task TryAgainAsync(BrokerMessage message, TimeSpan delay)
    {
        if (delay > TimeSpan.Zero) await Task.Delay(delay, _time);
        lock (_lock) _ready.Enqueue(message);
        Wake();
    }

    private void Hold(BrokerMessage message)
    {
        _ready.Enqueue(message);
        _inMemory++;
        _lastInMemory = message.Id;
        if (_ready.Count >= _gathering) _gathered?.TrySetResult();
    }

    private void Wake()
    {
        lock (_lock)
        {
            if (_consumers.Count == 0 || (_ready.Count == 0 && !_moreOnDisk)) return;
            if (_workers >= _consumers.Count * _consumers[0].Concurrency) return;
            _workers++;
        }

        ThreadPool.UnsafeQueueUserWorkItem(static queue => _ = queue.WorkAsync(), this, preferLocal: false);
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
            lock (_lock)
            {
                if (_consumers.Count > 0 && _ready.TryDequeue(out var message))
                    return (message, _consumers[(int)(_turn++ % (uint)_consumers.Count)]);
                if (_consumers.Count == 0 || !_moreOnDisk || _reading || _inMemory >= MemoryLimit)
                {
                    _workers--;
                    return null;
                }

                _reading = true;
            }

            if (ReadMore()) continue;
            lock (_lock) _workers--;
            _ = WakeAsync(ReadAgainAfter);
            return null;
        }
    }

    private bool ReadMore()
    {
        int skipped;
        long after;
        lock (_lock) (skipped, after) = (_skipped, _lastInMemory);
        List<BrokerMessage> messages;
        try
        {
            messages = _log.Read(Id, after, ReadAtOnce);
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            lock (_lock) _reading = false;
            return false;
        }

        lock (_lock)
        {
            _reading = false;
            messages.ForEach(Hold);
            if (messages.Count < ReadAtOnce && skipped == _skipped) _moreOnDisk = false;
        }

        for (var i = 1; i < messages.Count; i++) Wake();
        return true;
    }

    private async Task WakeAsync(TimeSpan delay)
    {
        await Task.Delay(delay, _time);
        Wake();
    }

    /// <summary>As many messages as a bulk subscription wants, or those that come in time.</summary>
    private async Task<List<BrokerMessage>> GatherAsync(BrokerMessage first, BulkSubscribe bulk)
    {
        List<BrokerMessage> batch = [first];
        Task full;
        lock (_lock)
        {
            TakeInto(batch, bulk.MaxMessagesCount);
            if (batch.Count == bulk.MaxMessagesCount) return batch;
            _gathering = bulk.MaxMessagesCount - batch.Count;
            _gathered ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            full = _gathered.Task;
        }

        await Task.WhenAny(full, Task.Delay(TimeSpan.FromMilliseconds(bulk.MaxAwaitDurationMs), _time));
        lock (_lock)
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

/// <summary>A replica of an app that takes messages of a queue. Deliveries settle their messages and never throw.</summary>
public interface IConsumer
{
    /// <summary>Deliveries at the same time.</summary>
    int Concurrency { get; }

    /// <summary>Set when it takes messages in bulk.</summary>
    BulkSubscribe? Bulk { get; }

    Task DeliverAsync(BrokerQueue queue, BrokerMessage message);

    Task DeliverAsync(BrokerQueue queue, IReadOnlyList<BrokerMessage> messages);
}
