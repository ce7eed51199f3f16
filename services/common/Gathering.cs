using System.Diagnostics;

namespace DaprShop.Common;

/// <summary>
/// One thing done for many at once: while a batch is on its way, what comes meanwhile waits and goes with the next. Nobody waits for
/// company, so an idle shop is as quick as without, and a busy one pays one call for many (the idea of group commit). In a trace a batch
/// belongs to the first of those it is for.
/// </summary>
/// <param name="most">Items in a batch.</param>
/// <param name="act">What is done; one batch at a time, first come, first served.</param>
public sealed class Gathering<T>(int most, Func<IReadOnlyList<T>, Task> act)
{
    private readonly Lock _gate = new();
    private List<Entry> _waiting = [];
    private bool _busy;

    /// <summary>Completes when the item's batch is done, and fails when it does.</summary>
    public Task AddAsync(T item)
    {
        var entry = new Entry(item, Activity.Current);
        lock (_gate)
        {
            _waiting.Add(entry);
            if (_busy) return entry.Done.Task;
            _busy = true;
        }
        _ = ActOnAllAsync();
        return entry.Done.Task;
    }

    private async Task ActOnAllAsync()
    {
        while (Take() is { Count: > 0 } batch)
        {
            Activity.Current = batch[0].Cause;
            try
            {
                await act([.. batch.Select(entry => entry.Item)]);
                foreach (var entry in batch) entry.Done.TrySetResult();
            }
            catch (Exception error)
            {
                foreach (var entry in batch) entry.Done.TrySetException(error);
            }
        }
    }

    private List<Entry> Take()
    {
        lock (_gate)
        {
            var taken = _waiting.Count <= most ? _waiting : _waiting[..most];
            _waiting = _waiting.Count <= most ? [] : _waiting[most..];
            _busy = taken.Count > 0;
            return taken;
        }
    }

    private sealed record Entry(T Item, Activity? Cause)
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
