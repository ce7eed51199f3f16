using System.Collections.Frozen;
using DaprShop.Local.Errors;
using DaprShop.Local.Hosting;
using Grpc.Core;

namespace DaprShop.Local.ConfigStores;

/// <summary>
/// The configuration stores of every sidecar. Whatever the type of a <c>configuration.*</c> component, its items are in
/// <c>configuration/{component}.json</c> of the data directory.
/// </summary>
public sealed class ConfigurationStores : IAsyncDisposable
{
    private const string Prefix = "configuration.";

    private readonly Dictionary<string, ConfigFile> _files;
    private readonly FrozenDictionary<string, FrozenSet<string>> _names;

    public ConfigurationStores(AppRegistry apps, DataDirectory data, TimeProvider time, ILogger<ConfigurationStores> logger)
    {
        _names = apps.Sidecars.DistinctBy(sidecar => sidecar.AppId).ToFrozenDictionary(
            sidecar => sidecar.AppId,
            sidecar => sidecar.Components.Where(spec => spec.Type.StartsWith(Prefix, StringComparison.Ordinal))
                .Select(spec => spec.Name).ToFrozenSet(StringComparer.Ordinal));
        _files = _names.Values.SelectMany(names => names).Distinct(StringComparer.Ordinal).ToDictionary(
            name => name,
            name => new ConfigFile(Path.Combine(data.Path, "configuration", name + ".json"), time, logger));
    }

    /// <param name="sidecar">Whose.</param>
    /// <param name="store">The component.</param>
    /// <param name="keys">None are all.</param>
    /// <exception cref="DaprError">No such store.</exception>
    public IReadOnlyDictionary<string, ConfigItem> Get(Sidecar sidecar, string store, IReadOnlyCollection<string> keys) =>
        Of(sidecar, store).Get(keys);

    /// <param name="sidecar">Whose.</param>
    /// <param name="store">The component.</param>
    /// <param name="keys">None are all.</param>
    /// <param name="changed">Hears the subscription's id and what has changed.</param>
    /// <returns>The subscription's id.</returns>
    /// <exception cref="DaprError">No such store.</exception>
    public string Subscribe(
        Sidecar sidecar, string store, IReadOnlyCollection<string> keys,
        Func<string, IReadOnlyDictionary<string, ConfigItem>, Task> changed) =>
        Of(sidecar, store).Subscribe(keys, changed);

    /// <returns>What is wrong; null when the subscription has ended.</returns>
    /// <exception cref="DaprError">No such store.</exception>
    public string? Unsubscribe(Sidecar sidecar, string store, string id) => Of(sidecar, store).Unsubscribe(id)
        ? null
        : $"failed to unsubscribe to configuration request {id}: subscription with id {id} does not exist";

    public async ValueTask DisposeAsync()
    {
        foreach (var file in _files.Values) await file.DisposeAsync();
    }

    private ConfigFile Of(Sidecar sidecar, string store)
    {
        var names = _names[sidecar.AppId];
        if (names.Contains(store)) return _files[store];
        throw names.Count == 0
            ? new DaprError(
                500, "ERR_CONFIGURATION_STORE_NOT_CONFIGURED", StatusCode.FailedPrecondition, "configuration stores not configured")
            : new DaprError(400, "ERR_CONFIGURATION_STORE_NOT_FOUND", StatusCode.InvalidArgument, $"configuration store {store} not found");
    }
}
