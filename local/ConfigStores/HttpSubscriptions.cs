using System.Collections.Concurrent;
using DaprShop.Local.Hosting;

namespace DaprShop.Local.ConfigStores;

/// <summary>
/// Subscriptions that apps made over HTTP. Nothing holds them, as a stream does those over gRPC; so they end with the life of the app, as
/// they do with a daprd that ends with its app.
/// </summary>
internal sealed class HttpSubscriptions(ConfigurationStores stores) : IAppObserver
{
    private readonly ConcurrentDictionary<string, (Sidecar Sidecar, string Store)> _subscriptions = new(StringComparer.Ordinal);

    public async Task<string> SubscribeAsync(
        Sidecar sidecar, string store, IReadOnlyCollection<string> keys, ConfigChanged changed, CancellationToken cancellation)
    {
        var id = await stores.SubscribeAsync(sidecar, store, keys, changed, cancellation);
        _subscriptions[id] = (sidecar, store);
        // It may have gone meanwhile.
        if (sidecar.AppStopping.IsCancellationRequested) Unsubscribe(sidecar, store, id);
        return id;
    }

    /// <inheritdoc cref="ConfigurationStores.Unsubscribe"/>
    public string? Unsubscribe(Sidecar sidecar, string store, string id)
    {
        var problem = stores.Unsubscribe(sidecar, store, id);
        _subscriptions.TryRemove(id, out _);
        return problem;
    }

    public Task AppReadyAsync(Sidecar sidecar, CancellationToken cancellation) => Task.CompletedTask;

    public Task AppPausedAsync(Sidecar sidecar) => Task.CompletedTask;

    public Task AppResumedAsync(Sidecar sidecar, CancellationToken cancellation) => Task.CompletedTask;

    public Task AppGoneAsync(Sidecar sidecar)
    {
        foreach (var (id, (owner, store)) in _subscriptions)
            if (owner == sidecar) Unsubscribe(sidecar, store, id);
        return Task.CompletedTask;
    }
}
