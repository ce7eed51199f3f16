namespace DaprShop.Local.Storage;

/// <summary>
/// The one writer of a SQLite file. Whatever arrives while a commit is being flushed to disk is applied together in the next one, so the
/// cost of a flush is shared by all who wait; a write completes only when it is on disk. A write that fails takes none with it.
/// </summary>
public sealed class GroupCommit : IAsyncDisposable
{
    /// <summary>Stands where the newest write would, once none is taken any more.</summary>
    private static readonly DurableWrite s_closed = new ClosedMark();

    private readonly SqliteDatabase _db;
    private readonly SqliteStatement _begin;
    private readonly SqliteStatement _commit;
    private readonly ManualResetEventSlim _wake = new(false, spinCount: 0);
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private DurableWrite? _newest;
    private volatile bool _stopping;

    /// <param name="db">The connection; from now on it belongs to the writer's thread alone.</param>
    /// <param name="name">Of the thread.</param>
    public GroupCommit(SqliteDatabase db, string name)
    {
        _db = db;
        _begin = db.Prepare("BEGIN IMMEDIATE");
        _commit = db.Prepare("COMMIT");
        new Thread(Write, maxStackSize: 512 * 1024) { IsBackground = true, Name = name }.Start();
    }

    /// <summary>Completes when the write is on disk, or with the reason why it is not. What is given up before its turn is not written.</summary>
    public Task WriteAsync(DurableWrite write, CancellationToken cancellation = default)
    {
        Enqueue(write);
        return cancellation.CanBeCanceled ? OrGivenUpAsync(write, cancellation) : write.Task;
    }

    /// <summary>Writes with the next commit; the caller does not wait.</summary>
    public void Enqueue(DurableWrite write)
    {
        DurableWrite? newest;
        do
        {
            write.Older = newest = Volatile.Read(ref _newest);
            if (newest == s_closed)
            {
                write.TrySetException(new ObjectDisposedException(nameof(GroupCommit)));
                return;
            }
        }
        while (Interlocked.CompareExchange(ref _newest, write, newest) != newest);

        if (newest is null) _wake.Set();
    }

    /// <summary>Writes what has been accepted, then closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        _stopping = true;
        _wake.Set();
        await _stopped.Task;
    }

    private static async Task OrGivenUpAsync(DurableWrite write, CancellationToken cancellation)
    {
        await using var givenUp = cancellation.UnsafeRegister(static write => ((DurableWrite)write!).TrySetCanceled(), write);
        await write.Task;
    }

    private void Write()
    {
        var batch = new List<DurableWrite>();
        while (true)
        {
            _wake.Wait();
            _wake.Reset();
            for (var write = Interlocked.Exchange(ref _newest, null); write is not null; write = write.Older) batch.Add(write);
            if (batch.Count > 0)
            {
                batch.Reverse();
                Commit(batch);
                batch.Clear();
            }

            if (!_stopping) continue;
            if (Interlocked.CompareExchange(ref _newest, s_closed, null) is null) break;
            _wake.Set();
        }

        _db.Dispose();
        _stopped.SetResult();
    }

    private void Commit(List<DurableWrite> batch)
    {
        try
        {
            _begin.Run();
            batch.RemoveAll(static write => write.Task.IsCanceled);
            foreach (var write in batch) Apply(write);
            _commit.Run();
        }
        catch (Exception failure)
        {
            if (_db.InTransaction) TryRollback();
            foreach (var write in batch) write.TrySetException(write.Refusal ?? failure);
            return;
        }

        foreach (var write in batch)
        {
            if (write.Refusal is { } refusal)
            {
                write.TrySetException(refusal);
                continue;
            }

            write.Committed();
            write.TrySetResult();
        }
    }

    private void Apply(DurableWrite write)
    {
        if (write.IsCompound) _db.Execute("SAVEPOINT write");
        try
        {
            write.Apply();
        }
        catch (Exception refusal) when (_db.InTransaction)
        {
            write.Refusal = refusal;
            if (write.IsCompound) _db.Execute("ROLLBACK TO write");
        }

        if (write.IsCompound) _db.Execute("RELEASE write");
    }

    private void TryRollback()
    {
        try
        {
            _db.Execute("ROLLBACK");
        }
        catch (SqliteFailure)
        {
            // The next BEGIN tells those who wait for it.
        }
    }

    private sealed class ClosedMark : DurableWrite
    {
        public override void Apply()
        {
        }
    }
}

/// <summary>Something to write; its task completes when it is on disk.</summary>
public abstract class DurableWrite() : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
{
    internal DurableWrite? Older { get; set; }

    internal Exception? Refusal { get; set; }

    /// <summary>True when <see cref="Apply"/> may throw after it has changed something, which must then be undone.</summary>
    public virtual bool IsCompound => false;

    /// <summary>Runs the statements, on the writer's thread and inside its transaction. Throws to refuse this write alone.</summary>
    public abstract void Apply();

    /// <summary>Runs on the writer's thread as soon as the write is on disk, in the order of the writes; must be short.</summary>
    public virtual void Committed()
    {
    }
}
