namespace DaprShop.Local.PubSub;

/// <summary>
/// A queue in the log of the embedded broker. Committed messages are kept in memory up to a limit and beyond it only on disk, from where
/// they are read when their turn comes.
/// </summary>
public sealed class BrokerQueue : MessageQueue
{
    private const int ReadAtOnce = 256;

    private readonly Broker _broker;
    private readonly BrokerLog _log;
    private int _inMemory;
    private int _depth;
    private long _lastInMemory;
    private int _skipped;
    private bool _moreOnDisk;
    private bool _reading;

    public BrokerQueue(Broker broker, BrokerLog log, TimeProvider time, long id, string pubsub, string topic, string app, int depth = 0)
        : base(pubsub, topic, app, time)
    {
        (_broker, _log, Id) = (broker, log, id);
        (_depth, _moreOnDisk) = (depth, depth > 0);
    }

    public long Id { get; }

    /// <summary>Messages that the app is not done with.</summary>
    public int Depth
    {
        get
        {
            lock (Gate) return _depth;
        }
    }

    protected override bool HasMore => _moreOnDisk;

    /// <summary>A message is on disk. Called in the order of the log.</summary>
    internal void Arrived(LogMessage message)
    {
        lock (Gate)
        {
            _depth++;
            if (message.Id <= _lastInMemory) return;
            if (_moreOnDisk || _inMemory >= MemoryLimit)
            {
                _moreOnDisk = true;
                _skipped++;
                return;
            }

            Keep(message);
        }

        Wake();
    }

    public override void Done(BrokerMessage message)
    {
        _log.Remove((LogMessage)message);
        Forget();
    }

    public override async Task MoveAsync(BrokerMessage message, string topic, CancellationToken cancellation = default)
    {
        await _log.AppendAsync(_broker.QueuesOf(PubSub, topic), [message.Envelope], (LogMessage)message, cancellation);
        Forget();
    }

    protected override bool BeginFetch()
    {
        if (!_moreOnDisk || _reading || _inMemory >= MemoryLimit) return false;
        _reading = true;
        return true;
    }

    protected override bool Fetch()
    {
        int skipped;
        long after;
        lock (Gate) (skipped, after) = (_skipped, _lastInMemory);
        List<LogMessage> messages;
        try
        {
            messages = _log.Read(Id, after, ReadAtOnce);
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            lock (Gate) _reading = false;
            return false;
        }

        lock (Gate)
        {
            _reading = false;
            messages.ForEach(Keep);
            if (messages.Count < ReadAtOnce && skipped == _skipped) _moreOnDisk = false;
        }

        for (var i = 1; i < messages.Count; i++) Wake();
        return true;
    }

    private void Keep(LogMessage message)
    {
        Hold(message);
        _inMemory++;
        _lastInMemory = message.Id;
    }

    private void Forget()
    {
        lock (Gate)
        {
            _depth--;
            _inMemory--;
        }
    }
}
