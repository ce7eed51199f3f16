using System.Globalization;
using SQLitePCL;
using static SQLitePCL.raw;

namespace DaprShop.Local.Storage;

/// <summary>
/// One connection to a SQLite file, in WAL mode and with a flush to disk at every commit. As thin as can be over SQLite's C interface:
/// values go in and out as UTF-8 bytes, statements are prepared once. Not for use by two threads at a time.
/// </summary>
public sealed class SqliteDatabase : IDisposable
{
    private readonly sqlite3 _db;
    private readonly List<SqliteStatement> _statements = [];

    static SqliteDatabase() => Batteries_V2.Init();

    /// <exception cref="SqliteFailure">The file cannot be opened or is not a database.</exception>
    public SqliteDatabase(string file, TimeSpan busyTimeout, bool readOnly = false)
    {
        var flags = (readOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) | SQLITE_OPEN_NOMUTEX;
        var result = sqlite3_open_v2(file, out _db, flags, null);
        try
        {
            if (result != SQLITE_OK) throw Failure(result);
            sqlite3_busy_timeout(_db, (int)Math.Min(busyTimeout.TotalMilliseconds, int.MaxValue));
            Execute("PRAGMA cache_size = -1024");
            if (readOnly) return;
            Execute("PRAGMA journal_mode = WAL");
            Execute("PRAGMA synchronous = FULL");
        }
        catch
        {
            _db.Dispose();
            throw;
        }
    }

    /// <summary>Rows that the last statement touched.</summary>
    public int Changes => sqlite3_changes(_db);

    /// <summary>False after SQLite has given up a transaction by itself (disk full, I/O error).</summary>
    public bool InTransaction => sqlite3_get_autocommit(_db) == 0;

    public void Execute(string sql)
    {
        var result = sqlite3_exec(_db, sql);
        if (result != SQLITE_OK) throw Failure(result);
    }

    /// <summary>A statement that lives as long as the connection.</summary>
    public SqliteStatement Prepare(string sql)
    {
        var result = sqlite3_prepare_v3(_db, sql, SQLITE_PREPARE_PERSISTENT, out var statement);
        if (result != SQLITE_OK) throw Failure(result);
        var prepared = new SqliteStatement(this, statement);
        _statements.Add(prepared);
        return prepared;
    }

    internal SqliteFailure Failure(int result) =>
        new(string.Create(CultureInfo.InvariantCulture, $"SQLite error {result}: {sqlite3_errmsg(_db).utf8_to_string()}"));

    public void Dispose()
    {
        _statements.ForEach(statement => statement.Dispose());
        _db.Dispose();
    }
}

/// <summary>SQLite refused; the message is its own.</summary>
public sealed class SqliteFailure(string message) : IOException(message);

/// <summary>
/// A prepared statement. Parameters count from 1, columns from 0. Run it with <see cref="Run"/>, or read rows with <see cref="Step"/>
/// until false (or <see cref="Reset"/> before the end).
/// </summary>
public sealed class SqliteStatement : IDisposable
{
    private readonly SqliteDatabase _database;
    private readonly sqlite3_stmt _statement;

    internal SqliteStatement(SqliteDatabase database, sqlite3_stmt statement) => (_database, _statement) = (database, statement);

    public SqliteStatement Bind(int parameter, string? value)
    {
        Check(value is null ? sqlite3_bind_null(_statement, parameter) : sqlite3_bind_text(_statement, parameter, value));
        return this;
    }

    /// <summary>UTF-8 text.</summary>
    public SqliteStatement Bind(int parameter, ReadOnlySpan<byte> utf8)
    {
        Check(utf8.IsEmpty ? sqlite3_bind_text(_statement, parameter, "") : sqlite3_bind_text(_statement, parameter, utf8));
        return this;
    }

    public SqliteStatement BindBlob(int parameter, ReadOnlySpan<byte> bytes)
    {
        Check(bytes.IsEmpty ? sqlite3_bind_zeroblob(_statement, parameter, 0) : sqlite3_bind_blob(_statement, parameter, bytes));
        return this;
    }

    public SqliteStatement Bind(int parameter, long? value)
    {
        Check(value is { } number ? sqlite3_bind_int64(_statement, parameter, number) : sqlite3_bind_null(_statement, parameter));
        return this;
    }

    /// <summary>The next row; false, and ready for the next use, when there is none.</summary>
    public bool Step()
    {
        var result = sqlite3_step(_statement);
        if (result == SQLITE_ROW) return true;
        var failure = result == SQLITE_DONE ? null : _database.Failure(result);
        Reset();
        return failure is null ? false : throw failure;
    }

    /// <summary>Runs to the end, for statements without rows; returns how many rows it touched.</summary>
    public int Run()
    {
        while (Step())
        {
        }

        return _database.Changes;
    }

    public void Reset() => sqlite3_reset(_statement);

    public bool IsNull(int column) => sqlite3_column_type(_statement, column) == SQLITE_NULL;

    public long Number(int column) => sqlite3_column_int64(_statement, column);

    public string Text(int column) => sqlite3_column_text(_statement, column).utf8_to_string();

    /// <summary>Text or blob; valid until the next step.</summary>
    public ReadOnlySpan<byte> Bytes(int column) => sqlite3_column_blob(_statement, column);

    public void Dispose() => _statement.Dispose();

    private void Check(int result)
    {
        if (result != SQLITE_OK) throw _database.Failure(result);
    }
}
