using System.Collections.Frozen;
using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Local.Errors;
using DaprShop.Local.Hosting;
using DaprShop.Local.State;
using Grpc.Core;
using Status = Dapr.Client.Autogen.Grpc.v1.UnlockResponse.Types.Status;

namespace DaprShop.Local.Locks;

/// <summary>
/// Locks with a term. They stand for those of any <c>lock.*</c> component, are kept in memory, and are gone with the runtime, as those
/// of a Redis without persistence are with it.
/// </summary>
public sealed class Locks
{
    private const string Prefix = "lock.";

    private readonly FrozenDictionary<string, FrozenSet<string>> _stores;
    private readonly TimeProvider _time;
    private readonly Dictionary<(string Store, string Key), Holding> _held = [];
    private readonly Lock _gate = new();

    public Locks(AppRegistry apps, TimeProvider time)
    {
        _time = time;
        _stores = apps.Sidecars.DistinctBy(sidecar => sidecar.AppId).ToFrozenDictionary(
            sidecar => sidecar.AppId,
            sidecar => sidecar.Components.Where(spec => spec.Type.StartsWith(Prefix, StringComparison.Ordinal))
                .Select(spec => spec.Name).ToFrozenSet(StringComparer.Ordinal));
    }

    /// <summary>False when the lock is held, by whomever.</summary>
    /// <exception cref="DaprError">No such store, or something is missing.</exception>
    public bool Try(Sidecar sidecar, TryLockRequest request)
    {
        if (request.ExpiryInSeconds <= 0) throw Malformed($"ExpiryInSeconds is not positive in lock store {request.StoreName}");
        Check(sidecar, request.StoreName, request.ResourceId, request.LockOwner);
        var key = (request.StoreName, KeyOf(sidecar, request.ResourceId, "ERR_TRY_LOCK", "failed to try acquiring lock"));
        var now = _time.GetUtcNow();
        lock (_gate)
        {
            if (_held.TryGetValue(key, out var holding) && holding.Until > now) return false;
            _held[key] = new Holding(request.LockOwner, now.AddSeconds(request.ExpiryInSeconds));
            return true;
        }
    }

    /// <exception cref="DaprError">No such store, or something is missing.</exception>
    public Status Unlock(Sidecar sidecar, UnlockRequest request)
    {
        Check(sidecar, request.StoreName, request.ResourceId, request.LockOwner);
        var key = (request.StoreName, KeyOf(sidecar, request.ResourceId, "ERR_UNLOCK", "failed to release lock"));
        lock (_gate)
        {
            if (!_held.TryGetValue(key, out var holding) || holding.Until <= _time.GetUtcNow()) return Status.LockDoesNotExist;
            if (holding.Owner != request.LockOwner) return Status.LockBelongsToOthers;
            _held.Remove(key);
            return Status.Success;
        }
    }

    private void Check(Sidecar sidecar, string store, string resource, string owner)
    {
        if (_stores[sidecar.AppId].Count == 0)
            throw new DaprError(500, "ERR_LOCK_STORE_NOT_CONFIGURED", StatusCode.FailedPrecondition, "lock store is not configured");
        if (resource.Length == 0) throw Malformed($"ResourceId is empty in lock store {store}");
        if (owner.Length == 0) throw Malformed($"LockOwner is empty in lock store {store}");
        if (!_stores[sidecar.AppId].Contains(store))
            throw new DaprError(400, "ERR_LOCK_STORE_NOT_FOUND", StatusCode.InvalidArgument, $"lock store {store} not found");
    }

    /// <summary>Each app has locks of its own.</summary>
    private static string KeyOf(Sidecar sidecar, string resource, string code, string what) =>
        resource.Contains(StateComponent.Separator, StringComparison.Ordinal)
            ? throw new DaprError(
                500, code, StatusCode.Internal, $"{what}: input key/keyPrefix '{resource}' can't contain '{StateComponent.Separator}'")
            : sidecar.AppId + StateComponent.Separator + resource;

    private static DaprError Malformed(string message) => new(400, "ERR_MALFORMED_REQUEST", StatusCode.InvalidArgument, message);

    private readonly record struct Holding(string Owner, DateTimeOffset Until);
}
