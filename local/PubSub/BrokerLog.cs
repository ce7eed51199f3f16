using DaprShop.Local.Storage;

namespace DaprShop.Local.PubSub;

/// <summary>
/// Where messages wait: one row for each queue that a message goes to, gone once the subscriber is done with it. An append completes when
/// it is on disk. Removals are gathered and go with the next append, or soon: one that a crash takes away means a message
/// delivered twice, never one lost.
/// </summary>
public sealed class BrokerLog : IAsyncDisposable
{
    private static readonly TimeSpan RemovalDelay = TimeSpan.FromMilliseconds(50);

    private readonly Lock _readerLock = new();
    private readonly Lock _removalLock = new();
    private readonly GroupCommit _writer;
    private readonly SqliteDatabase _reader;
    private readonly SqliteStatement _read;
    private readonly SqliteStatement _addQueue;
    private readonly SqliteStatement _append;
    private readonly SqliteStatement _remove;
    private readonly ITimer _removalTimer;
    private readonly List<(long Id, string PubSub, string Topic, string App, int Depth)> _queues = [];
    private Removal? _removal;
    private long _lastMessage;
    private long _lastQueue;

    /// <exception cref="SqliteFailure">The file cannot be opened.</exception>
    public BrokerLog(string file, TimeProvider time)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        var db = new SqliteDatabase(file, TimeSpan.FromSeconds(2));
        db.Execute("""
            CREATE TABLE IF NOT EXISTS queues (
                id INTEGER PRIMARY KEY, pubsub TEXT NOT NULL, topic TEXT NOT NULL, app TEXT NOT NULL, UNIQUE (pubsub, topic, app));
            CREATE TABLE IF NOT EXISTS messages (
                id INTEGER PRIMARY KEY, queue INTEGER NOT NULL, data BLOB NOT NULL, is_raw INTEGER NOT NULL,
                traceparent TEXT, expires INTEGER);
            """);
        ReadQueues(db);
        _addQueue = db.Prepare("INSERT INTO queues (id, pubsub, topic, app) VALUES (?1, ?2, ?3, ?4)");
        _append = db.Prepare("INSERT INTO messages (id, queue, data, is_raw, traceparent, expires) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
        _remove = db.Prepare("DELETE FROM messages WHERE id = ?1");
        _reader = new SqliteDatabase(file, TimeSpan.FromSeconds(2), readOnly: true);
        _read = _reader.Prepare(
            "SELECT id, data, is_raw, traceparent, expires FROM messages WHERE id > ?2 AND queue = ?1 ORDER BY id LIMIT ?3");
        _removalTimer = time.CreateTimer(_ => FlushRemovals(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _writer = new GroupCommit(db, "broker");
    }

    /// <summary>The queues that the file held when it was opened, with the number of messages in each.</summary>
    public IReadOnlyList<(long Id, string PubSub, string Topic, string App, int Depth)> Queues => _queues;

    /// <summary>Adds a queue; returns its id.</summary>
    public async Task<long> AddQueueAsync(string pubsub, string topic, string app)
    {
        var addition = new QueueAddition(this, pubsub, topic, app);
        await _writer.WriteAsync(addition);
        return addition.Id;
    }

    /// <summary>
    /// Appends every envelope to every queue, all or none, and tells the queues when they are on disk.
    /// <paramref name="instead"/> is removed in the same transaction.
    /// </summary>
    public Task AppendAsync(
        IReadOnlyList<BrokerQueue> queues, IReadOnlyList<Envelope> envelopes, LogMessage? instead = null,
        CancellationToken cancellation = default)
    {
        FlushRemovals();
        return _writer.WriteAsync(new Appending(this, queues, envelopes, instead), cancellation);
    }

    public void Remove(LogMessage message)
    {
        lock (_removalLock)
        {
            if (_removal is null)
            {
                _removal = new Removal(this);
                _removalTimer.Change(RemovalDelay, Timeout.InfiniteTimeSpan);
            }

            _removal.Ids.Add(message.Id);
        }
    }

    /// <summary>The messages of a queue that come after another one.</summary>
    public List<LogMessage> Read(long queue, long after, int limit)
    {
        var messages = new List<LogMessage>();
        lock (_readerLock)
        {
            _read.Bind(1, queue).Bind(2, after).Bind(3, limit);
            while (_read.Step())
            {
                messages.Add(new LogMessage(_read.Number(0), new Envelope(
                    _read.Bytes(1).ToArray(),
                    _read.Number(2) != 0,
                    _read.IsNull(3) ? null : _read.Text(3),
                    _read.IsNull(4) ? null : DateTimeOffset.FromUnixTimeSeconds(_read.Number(4)))));
            }
        }

        return messages;
    }

    public async ValueTask DisposeAsync()
    {
        await _removalTimer.DisposeAsync();
        FlushRemovals();
        await _writer.DisposeAsync();
        lock (_readerLock) _reader.Dispose();
    }

    private void FlushRemovals()
    {
        Removal? removal;
        lock (_removalLock) (removal, _removal) = (_removal, null);
        if (removal is not null) _writer.Enqueue(removal);
    }

    private void ReadQueues(SqliteDatabase db)
    {
        var queues = db.Prepare("""
            SELECT id, pubsub, topic, app, (SELECT count(*) FROM messages WHERE queue = queues.id) FROM queues
            """);
        while (queues.Step()) _queues.Add((queues.Number(0), queues.Text(1), queues.Text(2), queues.Text(3), (int)queues.Number(4)));
        var last = db.Prepare("SELECT coalesce(max(id), 0) FROM messages");
        last.Step();
        _lastMessage = last.Number(0);
        last.Reset();
        _lastQueue = _queues.Count == 0 ? 0 : _queues.Max(queue => queue.Id);
    }

    private sealed class QueueAddition(BrokerLog log, string pubsub, string topic, string app) : DurableWrite
    {
        public long Id { get; private set; }

        public override void Apply()
        {
            Id = log._lastQueue + 1;
            log._addQueue.Bind(1, Id).Bind(2, pubsub).Bind(3, topic).Bind(4, app).Run();
            log._lastQueue = Id;
        }
    }

    private sealed class Appending(
        BrokerLog log, IReadOnlyList<BrokerQueue> queues, IReadOnlyList<Envelope> envelopes, LogMessage? instead) : DurableWrite
    {
        private readonly LogMessage[] _messages = new LogMessage[queues.Count * envelopes.Count];

        public override bool IsCompound => _messages.Length > 1 || instead is not null;

        public override void Apply()
        {
            var n = 0;
            foreach (var envelope in envelopes)
                foreach (var queue in queues)
                    _messages[n++] = Append(queue, envelope);
            if (instead is not null) log._remove.Bind(1, instead.Id).Run();
        }

        public override void Committed()
        {
            for (var i = 0; i < _messages.Length; i++) queues[i % queues.Count].Arrived(_messages[i]);
        }

        private LogMessage Append(BrokerQueue queue, Envelope envelope)
        {
            var message = new LogMessage(++log._lastMessage, envelope);
            log._append.Bind(1, message.Id).Bind(2, queue.Id).BindBlob(3, envelope.Data.Span).Bind(4, envelope.IsRaw ? 1 : 0)
                .Bind(5, envelope.TraceParent).Bind(6, envelope.ExpiresAt?.ToUnixTimeSeconds()).Run();
            return message;
        }
    }

    private sealed class Removal(BrokerLog log) : DurableWrite
    {
        public List<long> Ids { get; } = [];

        public override void Apply()
        {
            foreach (var id in Ids) log._remove.Bind(1, id).Run();
        }
    }
}
