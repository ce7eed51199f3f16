using Status = Dapr.Client.Autogen.Grpc.v1.UnlockResponse.Types.Status;

namespace DaprShop.Local.Locks;

/// <summary>Locks in memory, gone with the runtime, as those of a Redis without persistence are with it.</summary>
internal sealed class MemoryLocks(TimeProvider time) : ILockStore
{
    private readonly Dictionary<string, Holding> _held = new(StringComparer.Ordinal);

    public Task<bool> TryAsync(string key, string owner, TimeSpan term)
    {
        var now = time.GetUtcNow();
        lock (_held)
        {
            if (_held.TryGetValue(key, out var holding) && holding.Until > now) return Task.FromResult(false);
            _held[key] = new Holding(owner, now + term);
            return Task.FromResult(true);
        }
    }

    public Task<Status> UnlockAsync(string key, string owner)
    {
        lock (_held)
        {
            if (!_held.TryGetValue(key, out var holding) || holding.Until <= time.GetUtcNow()) return Task.FromResult(Status.LockDoesNotExist);
            if (holding.Owner != owner) return Task.FromResult(Status.LockBelongsToOthers);
            _held.Remove(key);
            return Task.FromResult(Status.Success);
        }
    }

    private readonly record struct Holding(string Owner, DateTimeOffset Until);
}
