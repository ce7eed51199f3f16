using System.Collections.Frozen;
using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Local.Configuration;
using DaprShop.Local.Errors;
using DaprShop.Local.Hosting;
using DaprShop.Local.Redis;
using DaprShop.Local.Resiliency;
using DaprShop.Local.State;
using Grpc.Core;
using Status = Dapr.Client.Autogen.Grpc.v1.UnlockResponse.Types.Status;

namespace DaprShop.Local.Locks;

/// <summary>
/// Locks with a term: those of <c>lock.redis</c> in the Redis of <c>--redis</c>; without it, any <c>lock.*</c> component is kept in memory.
/// </summary>
public sealed class Locks
{
    private const string Prefix = "lock.";
    private const string RedisType = "lock.redis";
    private const string Separator = StateComponent.Separator;

    private readonly FrozenDictionary<string, FrozenDictionary<string, LockComponent>> _components;
    private readonly ResiliencyPolicies _resiliency;

    /// <exception cref="ConfigurationError">A setting is wrong, or Redis does not answer.</exception>
    public Locks(AppRegistry apps, RedisServers redis, ResiliencyPolicies resiliency, TimeProvider time)
    {
        _resiliency = resiliency;
        var stores = new Dictionary<string, ILockStore>(StringComparer.Ordinal);
        _components = apps.Sidecars.DistinctBy(sidecar => sidecar.AppId).ToFrozenDictionary(
            sidecar => sidecar.AppId,
            sidecar => sidecar.Components.Where(spec => spec.Type.StartsWith(Prefix, StringComparison.Ordinal))
                .ToFrozenDictionary(spec => spec.Name, spec => Create(spec, sidecar.AppId), StringComparer.Ordinal));

        LockComponent Create(ComponentSpec spec, string appId)
        {
            var settings = new ComponentSettings(spec);
            if (!stores.TryGetValue(spec.Name, out var store))
                stores[spec.Name] = store = spec.Type == RedisType && redis.IsGiven ? new RedisLocks(redis.Open(settings)) : new MemoryLocks(time);
            return new LockComponent(store, KeyPrefix(settings, appId));
        }
    }

    /// <summary>False when the lock is held, by whomever.</summary>
    /// <exception cref="DaprError">No such store, something is missing, or it cannot be known.</exception>
    public async Task<bool> TryAsync(Sidecar sidecar, TryLockRequest request, CancellationToken cancellation)
    {
        if (request.ExpiryInSeconds <= 0) throw Malformed($"ExpiryInSeconds is not positive in lock store {request.StoreName}");
        var component = Check(sidecar, request.StoreName, request.ResourceId, request.LockOwner);
        return await CallAsync(
            sidecar, request.StoreName, () => component.KeyOf(request.ResourceId), "ERR_TRY_LOCK", "failed to try acquiring lock",
            key => component.Store.TryAsync(key, request.LockOwner, TimeSpan.FromSeconds(request.ExpiryInSeconds)), cancellation);
    }

    /// <exception cref="DaprError">No such store, something is missing, or it cannot be known.</exception>
    public async Task<Status> UnlockAsync(Sidecar sidecar, UnlockRequest request, CancellationToken cancellation)
    {
        var component = Check(sidecar, request.StoreName, request.ResourceId, request.LockOwner);
        return await CallAsync(
            sidecar, request.StoreName, () => component.KeyOf(request.ResourceId), "ERR_UNLOCK", "failed to release lock",
            key => component.Store.UnlockAsync(key, request.LockOwner), cancellation);
    }

    private async Task<T> CallAsync<T>(
        Sidecar sidecar, string store, Func<string> keyOf, string code, string what, Func<string, Task<T>> call, CancellationToken cancellation)
    {
        try
        {
            var key = keyOf();
            return await _resiliency.For(sidecar.AppId)
                .CallAsync(store, ComponentKind.Lock, _ => call(key), cancellation);
        }
        catch (Exception error) when (error is IOException or FormatException)
        {
            throw new DaprError(500, code, StatusCode.Internal, $"{what}: {error.Message}");
        }
    }

    private LockComponent Check(Sidecar sidecar, string store, string resource, string owner)
    {
        var components = _components[sidecar.AppId];
        if (components.Count == 0)
            throw new DaprError(500, "ERR_LOCK_STORE_NOT_CONFIGURED", StatusCode.FailedPrecondition, "lock store is not configured");
        if (resource.Length == 0) throw Malformed($"ResourceId is empty in lock store {store}");
        if (owner.Length == 0) throw Malformed($"LockOwner is empty in lock store {store}");
        return components.TryGetValue(store, out var component)
            ? component
            : throw new DaprError(400, "ERR_LOCK_STORE_NOT_FOUND", StatusCode.InvalidArgument, $"lock store {store} not found");
    }

    /// <summary>Each app has locks of its own, unless the component says otherwise.</summary>
    private static string KeyPrefix(ComponentSettings settings, string appId)
    {
        var strategy = settings.Text("keyPrefix") ?? "appid";
        if (strategy.Contains(Separator, StringComparison.Ordinal)) throw settings.Error($"keyPrefix must not contain '{Separator}'");
        return "lock" + Separator + strategy.ToLowerInvariant() switch
        {
            "none" => "",
            "name" => settings.Name + Separator,
            "appid" => appId + Separator,
            var constant => constant + Separator,
        };
    }

    private static DaprError Malformed(string message) => new(400, "ERR_MALFORMED_REQUEST", StatusCode.InvalidArgument, message);

    /// <param name="Store">Where the locks are held.</param>
    /// <param name="Prefix">What is put before the app's names.</param>
    private sealed record LockComponent(ILockStore Store, string Prefix)
    {
        /// <exception cref="FormatException">The name contains the separator.</exception>
        public string KeyOf(string resource) => resource.Contains(Separator, StringComparison.Ordinal)
            ? throw new FormatException($"input key/keyPrefix '{resource}' can't contain '{Separator}'")
            : Prefix + resource;
    }
}
