using System.Buffers.Text;
using System.Globalization;
using System.Text.Unicode;
using DaprShop.Local.Resiliency;
using DaprShop.Local.Storage;

namespace DaprShop.Local.State;

/// <summary>
/// <c>state.sqlite</c>: the same table as daprd's component has, so that either can open the file (components-contrib
/// <c>state/sqlite</c>). One writer with group commit; readers on connections of their own, which see the last commit.
/// </summary>
public sealed class SqliteStateStore : IStateStore
{
    private readonly SqliteStateOptions _options;
    private readonly TimeProvider _time;
    private readonly GroupCommit _writer;
    private readonly Statements _statements;
    private readonly Reader?[] _idleReaders = new Reader?[4];
    private readonly ITimer? _cleanup;

    /// <exception cref="SqliteFailure">The file cannot be opened.</exception>
    public SqliteStateStore(SqliteStateOptions options, TimeProvider time)
    {
        _options = options;
        _time = time;
        Directory.CreateDirectory(Path.GetDirectoryName(options.File)!);
        var db = new SqliteDatabase(options.File, options.BusyTimeout);
        db.Execute($"""
            CREATE TABLE IF NOT EXISTS {options.Table} (
                key TEXT NOT NULL PRIMARY KEY,
                value TEXT NOT NULL,
                is_binary BOOLEAN NOT NULL,
                etag TEXT NOT NULL,
                expiration_time TIMESTAMP DEFAULT NULL,
                update_time TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP);
            -- Removing what has expired must not read all that has not.
            CREATE INDEX IF NOT EXISTS {options.Table}_expiration ON {options.Table} (expiration_time) WHERE expiration_time IS NOT NULL
            """);
        _statements = new Statements(db, options.Table, time);
        _writer = new GroupCommit(db, $"state {Path.GetFileName(options.File)}");
        if (options.CleanupInterval > TimeSpan.Zero)
        {
            // Sooner does no harm.
            var pause = Pause.Reachable(options.CleanupInterval);
            _cleanup = time.CreateTimer(_ => _writer.Enqueue(new Cleanup(_statements)), null, pause, pause);
        }
    }

    public ValueTask<StateItem?> GetAsync(string key) => ValueTask.FromResult(Read(static (reader, key) => reader.Get(key), key));

    public ValueTask<StateItem?[]> GetAsync(IReadOnlyList<string> keys) =>
        ValueTask.FromResult(Read(static (reader, keys) => reader.Get(keys), keys));

    public Task WriteAsync(StateWrite write, CancellationToken cancellation = default) =>
        _writer.WriteAsync(new Single(_statements, write), cancellation);

    public Task TransactAsync(IReadOnlyList<StateWrite> writes, CancellationToken cancellation = default) => writes.Count switch
    {
        0 => Task.CompletedTask,
        1 => WriteAsync(writes[0], cancellation),
        _ => _writer.WriteAsync(new Transaction(_statements, writes), cancellation),
    };

    public async ValueTask DisposeAsync()
    {
        _cleanup?.Dispose();
        for (var i = 0; i < _idleReaders.Length; i++) Interlocked.Exchange(ref _idleReaders[i], null)?.Dispose();
        await _writer.DisposeAsync();
    }

    private T Read<TKey, T>(Func<Reader, TKey, T> read, TKey key)
    {
        Reader? reader = Rent();
        try
        {
            var result = read(reader, key);
            Return(ref reader);
            return result;
        }
        finally
        {
            reader?.Dispose();
        }
    }

    private Reader Rent()
    {
        for (var i = 0; i < _idleReaders.Length; i++)
            if (Interlocked.Exchange(ref _idleReaders[i], null) is { } idle) return idle;
        return new Reader(_options, _time);
    }

    private void Return(ref Reader? reader)
    {
        for (var i = 0; i < _idleReaders.Length && reader is not null; i++)
            if (Interlocked.CompareExchange(ref _idleReaders[i], reader, null) is null) reader = null;
    }

    private sealed class Single(Statements statements, StateWrite write) : DurableWrite
    {
        public override void Apply() => statements.Apply(write);
    }

    private sealed class Transaction(Statements statements, IReadOnlyList<StateWrite> writes) : DurableWrite
    {
        public override bool IsCompound => true;

        public override void Apply()
        {
            foreach (var write in writes) statements.Apply(write);
        }
    }

    private sealed class Cleanup(Statements statements) : DurableWrite
    {
        public override void Apply() => statements.DeleteExpired();
    }

    /// <summary>Times as SQLite's CURRENT_TIMESTAMP writes them, by the store's own clock; made anew once a second.</summary>
    private sealed class Clock(TimeProvider time)
    {
        private long _second = -1;
        private string _text = "";

        public string Now()
        {
            var now = time.GetUtcNow();
            if (now.ToUnixTimeSeconds() != _second) (_second, _text) = (now.ToUnixTimeSeconds(), Format(now));
            return _text;
        }

        public string In(TimeSpan delay) => Format(time.GetUtcNow() + delay);

        private static string Format(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
    }

    /// <summary>The writer's statements. Because there is one writer, what a check finds is still so when the write follows.</summary>
    private sealed class Statements(SqliteDatabase db, string table, TimeProvider time)
    {
        private const string Alive = "(expiration_time IS NULL OR expiration_time > ?1)";

        private readonly Clock _clock = new(time);

        private readonly SqliteStatement _upsert = db.Prepare($"""
            INSERT INTO {table} (key, value, is_binary, etag, expiration_time, update_time) VALUES (?2, ?3, ?4, ?5, ?6, ?1)
            ON CONFLICT (key) DO UPDATE SET value = ?3, is_binary = ?4, etag = ?5, expiration_time = ?6, update_time = ?1
            """);

        private readonly SqliteStatement _insert = db.Prepare($"""
            INSERT INTO {table} (key, value, is_binary, etag, expiration_time, update_time) VALUES (?2, ?3, ?4, ?5, ?6, ?1)
            ON CONFLICT (key) DO UPDATE SET value = ?3, is_binary = ?4, etag = ?5, expiration_time = ?6, update_time = ?1
            WHERE NOT {Alive}
            """);

        private readonly SqliteStatement _update = db.Prepare($"""
            UPDATE {table} SET value = ?3, is_binary = ?4, etag = ?5, expiration_time = ?6, update_time = ?1
            WHERE key = ?2 AND etag = ?7 AND {Alive}
            """);

        private readonly SqliteStatement _delete = db.Prepare($"DELETE FROM {table} WHERE key = ?1");
        private readonly SqliteStatement _deleteMatching = db.Prepare($"DELETE FROM {table} WHERE key = ?1 AND etag = ?2");
        private readonly SqliteStatement _deleteExpired = db.Prepare($"DELETE FROM {table} WHERE expiration_time < ?1");

        /// <exception cref="StateConflict"/>
        public void Apply(StateWrite write)
        {
            var touched = write.Value is { } value ? Set(write, value.Span) : Delete(write);
            if (touched == 0 && (write.HasETag || (write.FirstWrite && write.Value is not null))) throw new StateConflict();
        }

        public void DeleteExpired() => _deleteExpired.Bind(1, _clock.Now()).Run();

        private int Delete(StateWrite write) =>
            write.HasETag ? _deleteMatching.Bind(1, write.Key).Bind(2, write.ETag).Run() : _delete.Bind(1, write.Key).Run();

        private int Set(StateWrite write, ReadOnlySpan<byte> value)
        {
            var statement = write.HasETag ? _update : write.FirstWrite ? _insert : _upsert;
            Span<byte> etag = stackalloc byte[36];
            Utf8Formatter.TryFormat(Guid.NewGuid(), etag, out _);
            var isText = Utf8.IsValid(value);
            statement.Bind(1, _clock.Now()).Bind(2, write.Key).Bind(4, isText ? 0 : 1).Bind(5, etag);
            if (isText) statement.Bind(3, value);
            else statement.Bind(3, Convert.ToBase64String(value));
            statement.Bind(6, write.Ttl is { } ttl && ttl > TimeSpan.Zero ? _clock.In(ttl) : null);
            if (write.HasETag) statement.Bind(7, write.ETag);
            return statement.Run();
        }
    }

    private sealed class Reader : IDisposable
    {
        private readonly SqliteDatabase _db;
        private readonly SqliteStatement _get;
        private readonly SqliteStatement _begin;
        private readonly SqliteStatement _end;
        private readonly Clock _clock;

        public Reader(SqliteStateOptions options, TimeProvider time)
        {
            _db = new SqliteDatabase(options.File, options.BusyTimeout, readOnly: true);
            _get = _db.Prepare(
                $"SELECT value, is_binary, etag, expiration_time FROM {options.Table} " +
                "WHERE key = ?1 AND (expiration_time IS NULL OR expiration_time > ?2)");
            _begin = _db.Prepare("BEGIN");
            _end = _db.Prepare("COMMIT");
            _clock = new Clock(time);
        }

        public StateItem? Get(string key) => Get(key, _clock.Now());

        public StateItem?[] Get(IReadOnlyList<string> keys)
        {
            var items = new StateItem?[keys.Count];
            var now = _clock.Now();
            _begin.Run();
            for (var i = 0; i < items.Length; i++) items[i] = Get(keys[i], now);
            _end.Run();
            return items;
        }

        private StateItem? Get(string key, string now)
        {
            if (!_get.Bind(1, key).Bind(2, now).Step()) return null;
            var item = new StateItem(
                _get.Number(1) == 0 ? _get.Bytes(0).ToArray() : Convert.FromBase64String(_get.Text(0)),
                _get.Text(2),
                _get.IsNull(3) ? null : DateTimeOffset.Parse(_get.Text(3), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal));
            _get.Reset();
            return item;
        }

        public void Dispose() => _db.Dispose();
    }
}

/// <summary>The settings of a <c>state.sqlite</c> component.</summary>
/// <param name="File">The database file, absolute.</param>
/// <param name="Table">Its name is checked: letters, digits and <c>_</c>.</param>
/// <param name="CleanupInterval">How often expired rows are removed; zero for never (they are invisible in any case).</param>
/// <param name="BusyTimeout">How long to wait for another process that holds the file.</param>
public sealed record SqliteStateOptions(string File, string Table, TimeSpan CleanupInterval, TimeSpan BusyTimeout);
