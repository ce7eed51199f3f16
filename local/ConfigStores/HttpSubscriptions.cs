using System.Collections.Concurrent;
using System.Net;
using DaprShop.Local.Hosting;
using DaprShop.Local.Resiliency;

namespace DaprShop.Local.ConfigStores;

/// <summary>
/// Subscriptions that apps made over HTTP; they hear of changes at <c>POST /configuration/{store}/{key}</c>. Nothing holds these, as a
/// stream does those over gRPC; so they end with the life of the app, as they do with a daprd that ends with its app.
/// </summary>
internal sealed class HttpSubscriptions(
    ConfigurationStores stores, ResiliencyPolicies resiliency, TimeProvider time, ILogger<HttpSubscriptions> logger) : IAppObserver
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, Subscription> _subscriptions = new(StringComparer.Ordinal);

    /// <inheritdoc cref="ConfigurationStores.SubscribeAsync"/>
    public async Task<string> SubscribeAsync(
        Sidecar sidecar, string store, IReadOnlyCollection<string> keys, CancellationToken cancellation)
    {
        var end = new CancellationTokenSource();
        var id = await stores.SubscribeAsync(
            sidecar, store, keys, (id, items) => TellAsync(sidecar, store, id, items, end.Token), cancellation);
        _subscriptions[id] = new Subscription(sidecar, store, end);
        // It may have gone meanwhile.
        if (sidecar.AppStopping.IsCancellationRequested) Unsubscribe(sidecar, store, id);
        return id;
    }

    /// <inheritdoc cref="ConfigurationStores.Unsubscribe"/>
    public string? Unsubscribe(Sidecar sidecar, string store, string id)
    {
        var problem = stores.Unsubscribe(sidecar, store, id);
        if (problem is null && _subscriptions.TryRemove(id, out var subscription)) subscription.End.Cancel();
        return problem;
    }

    public Task AppReadyAsync(Sidecar sidecar, CancellationToken cancellation) => Task.CompletedTask;

    public Task AppPausedAsync(Sidecar sidecar) => Task.CompletedTask;

    public Task AppResumedAsync(Sidecar sidecar, CancellationToken cancellation) => Task.CompletedTask;

    public Task AppGoneAsync(Sidecar sidecar)
    {
        foreach (var (id, subscription) in _subscriptions)
        {
            if (subscription.Sidecar != sidecar) continue;
            Unsubscribe(sidecar, subscription.Store, id);
            _subscriptions.TryRemove(id, out _);
        }
        return Task.CompletedTask;
    }

    private async Task TellAsync(
        Sidecar sidecar, string store, string id, IReadOnlyDictionary<string, ConfigItem> items, CancellationToken ended)
    {
        var policy = resiliency.For(sidecar.AppId).Inbound(store, ComponentKind.Configuration);
        try
        {
            foreach (var key in items.Keys)
            {
                await policy.TellAsync(
                    limited => PostAsync(sidecar.App, store, key, id, items, limited),
                    error => logger.LogError("{AppId} could not hear of {Key} in {Store}: {Reason}", sidecar.AppId, key, store, error.Message),
                    time, ended);
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // Nobody wants to hear of it any more.
        }
    }

    /// <exception cref="HttpRequestException">The app is away, or answered with anything but 200.</exception>
    private static async Task PostAsync(
        AppChannel app, string store, string key, string id, IReadOnlyDictionary<string, ConfigItem> items, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(s_patience);
        using var request = new HttpRequestMessage(
            HttpMethod.Post, new Uri(app.Address!, $"configuration/{Uri.EscapeDataString(store)}/{Uri.EscapeDataString(key)}"));
        request.Content = JsonContent.Create(new { id, items }, options: ConfigEndpoints.Json);
        if (app.Token is not null) request.Headers.TryAddWithoutValidation("dapr-api-token", app.Token);
        using var response = await app.Http.SendAsync(request, limit.Token);
        if (response.StatusCode != HttpStatusCode.OK) throw new HttpRequestException($"it answered with {(int)response.StatusCode}");
    }

    /// <param name="Sidecar">Of the app that subscribed.</param>
    /// <param name="Store">The component.</param>
    /// <param name="End">Cancelled when it ends.</param>
    private sealed record Subscription(Sidecar Sidecar, string Store, CancellationTokenSource End);
}
