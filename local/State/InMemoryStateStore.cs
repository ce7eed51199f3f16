namespace DaprShop.Local.State;

/// <summary><c>state.in-memory</c>: gone with the process; for tests and trials.</summary>
public sealed class InMemoryStateStore(TimeProvider time) : IStateStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, StateItem> _items = new(StringComparer.Ordinal);
    private int _writesUntilSweep = 1000;

    public ValueTask<StateItem?> GetAsync(string key)
    {
        lock (_lock) return ValueTask.FromResult(Find(key));
    }

    public ValueTask<StateItem?[]> GetAsync(IReadOnlyList<string> keys)
    {
        lock (_lock) return ValueTask.FromResult(keys.Select(Find).ToArray());
    }

    public Task WriteAsync(StateWrite write, CancellationToken cancellation = default) => TransactAsync([write], cancellation);

    public Task TransactAsync(IReadOnlyList<StateWrite> writes, CancellationToken cancellation = default)
    {
        lock (_lock)
        {
            var undo = new Stack<(string Key, StateItem? Before)>();
            foreach (var write in writes)
            {
                var present = Find(write.Key);
                if (IsConflict(write, present))
                {
                    foreach (var (key, before) in undo) Put(key, before);
                    return Task.FromException(new StateConflict());
                }

                undo.Push((write.Key, present));
                Put(write.Key, ItemOf(write));
            }

            SweepNowAndThen(writes.Count);
            return Task.CompletedTask;
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static bool IsConflict(StateWrite write, StateItem? present) =>
        write.HasETag ? present?.ETag != write.ETag : write.FirstWrite && write.Value is not null && present is not null;

    private StateItem? ItemOf(StateWrite write) =>
        write.Value is { } value
            ? new StateItem(value.ToArray(), Guid.NewGuid().ToString(), write.Ttl > TimeSpan.Zero ? time.GetUtcNow() + write.Ttl : null)
            : null;

    private StateItem? Find(string key) =>
        _items.TryGetValue(key, out var item) && !(item.ExpiresAt <= time.GetUtcNow()) ? item : null;

    private void Put(string key, StateItem? item)
    {
        if (item is null) _items.Remove(key);
        else _items[key] = item;
    }

    private void SweepNowAndThen(int writes)
    {
        _writesUntilSweep -= writes;
        if (_writesUntilSweep > 0) return;
        _writesUntilSweep = Math.Max(1000, _items.Count);
        var now = time.GetUtcNow();
        foreach (var (key, item) in _items)
            if (item.ExpiresAt <= now) _items.Remove(key);
    }
}
