using DaprShop.Local.Resiliency;

namespace DaprShop.Local.State;

/// <summary>
/// Writes, each on its own, that a policy may have tried again: those that failed, but for those whose ETag does not fit (daprd's
/// <c>PerformBulkStoreOperation</c>, which forgets these when all of the others come through, and on a third try mixes up which writes
/// are left; here they stay failures, and each write is tried).
/// </summary>
internal sealed class WriteBatch(IStateStore store, StateRequest[] requests, bool retriesConflicts)
{
    private readonly List<Exception> _conflicts = [];
    private StateRequest[] _open = requests;

    /// <exception cref="WritesFailed">Some of them, all of which can be tried again.</exception>
    /// <exception cref="PermanentFailure">Some of them, none of which can be.</exception>
    public async Task TryAsync(CancellationToken limited)
    {
        var tried = _open;
        var writes = Array.ConvertAll(tried, request => request.WriteAsync(store, limited));
        await Task.WhenAll(writes).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        limited.ThrowIfCancellationRequested(); // the next try may have begun
        var failures = FailuresOf(writes);
        if (!retriesConflicts) _conflicts.AddRange(failures.Where(IsConflict));
        _open = [.. tried.Where((_, i) => IsOpen(writes[i]))];
        if (_open.Length > 0) throw new WritesFailed([.. _conflicts.Except(failures), .. failures]);
        if (_conflicts.Count > 0) throw new PermanentFailure(new WritesFailed(_conflicts));
    }

    internal static Exception[] FailuresOf(IEnumerable<Task> writes) =>
        [.. writes.Where(write => write.IsFaulted).Select(write => write.Exception!.InnerException!)];

    private bool IsOpen(Task write) => write.IsFaulted && (retriesConflicts || !IsConflict(write.Exception!.InnerException!));

    private static bool IsConflict(Exception failure) => failure is StateConflict or InvalidETag;
}

/// <summary>Some writes of a batch failed.</summary>
internal sealed class WritesFailed(IReadOnlyList<Exception> failures) : Exception
{
    public IReadOnlyList<Exception> Failures { get; } = failures;
}
