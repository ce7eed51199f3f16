using System.Collections.Frozen;
using DaprShop.Local.Configuration;
using DaprShop.Local.Errors;
using DaprShop.Local.Hosting;
using DaprShop.Local.Redis;
using DaprShop.Local.Resiliency;
using Grpc.Core;

namespace DaprShop.Local.ConfigStores;

/// <summary>
/// The configuration stores of every sidecar: <c>configuration.redis</c> in the Redis of <c>--redis</c>; without it, the items of a
/// <c>configuration.*</c> component of any type are in <c>configuration/{component}.json</c> of the data directory.
/// </summary>
public sealed class ConfigurationStores : IAsyncDisposable
{
    private const string Prefix = "configuration.";
    private const string RedisType = "configuration.redis";

    private readonly Dictionary<string, IConfigStore> _stores = new(StringComparer.Ordinal);
    private readonly FrozenDictionary<string, FrozenSet<string>> _names;
    private readonly ResiliencyPolicies _resiliency;

    /// <exception cref="ConfigurationError">A setting is wrong, or Redis does not answer.</exception>
    public ConfigurationStores(
        AppRegistry apps, DataDirectory data, RedisServers redis, ResiliencyPolicies resiliency, TimeProvider time,
        ILogger<ConfigurationStores> logger)
    {
        _resiliency = resiliency;
        var components = apps.Sidecars.DistinctBy(sidecar => sidecar.AppId).ToDictionary(
            sidecar => sidecar.AppId,
            sidecar => sidecar.Components.Where(spec => spec.Type.StartsWith(Prefix, StringComparison.Ordinal)).ToList());
        _names = components.ToFrozenDictionary(
            app => app.Key, app => app.Value.Select(spec => spec.Name).ToFrozenSet(StringComparer.Ordinal), StringComparer.Ordinal);
        foreach (var spec in components.Values.SelectMany(specs => specs).DistinctBy(spec => spec.Name))
        {
            _stores[spec.Name] = spec.Type == RedisType && redis.IsGiven
                ? new RedisConfig(redis.Open(new ComponentSettings(spec)), logger)
                : new ConfigFile(Path.Combine(data.Path, "configuration", spec.Name + ".json"), time, logger);
        }
    }

    /// <param name="sidecar">Whose.</param>
    /// <param name="store">The component.</param>
    /// <param name="keys">None are all.</param>
    /// <exception cref="DaprError">No such store, or it is away.</exception>
    public Task<IReadOnlyDictionary<string, ConfigItem>> GetAsync(
        Sidecar sidecar, string store, IReadOnlyCollection<string> keys, CancellationToken cancellation)
    {
        var items = Of(sidecar, store);
        return CallAsync(
            sidecar, store, () => items.GetAsync(keys), "ERR_CONFIGURATION_GET", StatusCode.Internal,
            $"failed to get [{string.Join(' ', keys)}] from Configuration store {store}", cancellation);
    }

    /// <param name="sidecar">Whose.</param>
    /// <param name="store">The component.</param>
    /// <param name="keys">None are all.</param>
    /// <param name="changed">Hears the subscription's id and what has changed.</param>
    /// <returns>The subscription's id.</returns>
    /// <exception cref="DaprError">No such store, or it is away.</exception>
    public Task<string> SubscribeAsync(
        Sidecar sidecar, string store, IReadOnlyCollection<string> keys, ConfigChanged changed, CancellationToken cancellation)
    {
        var items = Of(sidecar, store);
        return CallAsync(
            sidecar, store, () => items.SubscribeAsync(keys, changed), "ERR_CONFIGURATION_SUBSCRIBE", StatusCode.InvalidArgument,
            $"failed to subscribe [{string.Join(' ', keys)}] from Configuration store {store}", cancellation);
    }

    /// <returns>What is wrong; null when the subscription has ended.</returns>
    /// <exception cref="DaprError">No such store.</exception>
    public string? Unsubscribe(Sidecar sidecar, string store, string id) => Of(sidecar, store).Unsubscribe(id)
        ? null
        : $"failed to unsubscribe to configuration request {id}: subscription with id {id} does not exist";

    public async ValueTask DisposeAsync()
    {
        foreach (var store in _stores.Values) await store.DisposeAsync();
    }

    private async Task<T> CallAsync<T>(
        Sidecar sidecar, string store, Func<Task<T>> call, string code, StatusCode grpc, string what, CancellationToken cancellation)
    {
        try
        {
            return await _resiliency.For(sidecar.AppId)
                .CallAsync(store, ComponentKind.Configuration, _ => call(), cancellation);
        }
        catch (IOException error)
        {
            throw new DaprError(500, code, grpc, $"{what}: {error.Message}");
        }
    }

    private IConfigStore Of(Sidecar sidecar, string store)
    {
        var names = _names[sidecar.AppId];
        if (names.Contains(store)) return _stores[store];
        throw names.Count == 0
            ? new DaprError(
                500, "ERR_CONFIGURATION_STORE_NOT_CONFIGURED", StatusCode.FailedPrecondition, "configuration stores not configured")
            : new DaprError(400, "ERR_CONFIGURATION_STORE_NOT_FOUND", StatusCode.InvalidArgument, $"configuration store {store} not found");
    }
}
