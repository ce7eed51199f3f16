using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using DaprShop.Local.Configuration;
using DaprShop.Local.Hosting;
using DaprShop.Local.Resiliency;

namespace DaprShop.Local.PubSub;

/// <summary>
/// Subscribes apps: when one becomes ready it is asked for its subscriptions (<c>GET /dapr/subscribe</c>), which join those that files
/// declare for it, and its queues begin to flow; when it goes they rest.
/// </summary>
public sealed class Subscriber(
    PubSubComponents components, Broker broker, ResiliencyPolicies resiliency, Resources resources, TimeProvider time,
    ILogger<Subscriber> logger) : IAppObserver
{
    private const int Attempts = 4;
    private static readonly TimeSpan BetweenAttempts = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<Sidecar, List<(BrokerQueue Queue, Consumer Consumer)>> _attached = new();

    public async Task AppReadyAsync(Sidecar sidecar, CancellationToken cancellation)
    {
        var attached = _attached[sidecar] = [];
        foreach (var subscription in await SubscriptionsAsync(sidecar, cancellation))
        {
            if (components.Find(sidecar, subscription.PubSub) is not { } component)
            {
                logger.LogWarning(
                    "{AppId} subscribes to {Topic} on {PubSub}, which it has not", sidecar.AppId, subscription.Topic, subscription.PubSub);
                continue;
            }

            if (!component.Scopes.MaySubscribe(subscription.Topic))
            {
                logger.LogWarning("{AppId} may not subscribe to {Topic} on {PubSub}", sidecar.AppId, subscription.Topic, subscription.PubSub);
                continue;
            }

            var queue = await broker.QueueAsync(subscription.PubSub, subscription.Topic, component.Consumer);
            var policy = resiliency.For(sidecar.AppId).Inbound(subscription.PubSub, ComponentKind.Pubsub);
            var consumer = new Consumer(sidecar.App, subscription, component, policy, broker, time, logger);
            attached.Add((queue, consumer));
            queue.Attach(consumer);
        }
    }

    public Task AppGoneAsync(Sidecar sidecar)
    {
        if (_attached.TryRemove(sidecar, out var attached))
            foreach (var (queue, consumer) in attached) queue.Detach(consumer);
        return Task.CompletedTask;
    }

    /// <summary>What the app says of a topic goes before what a file says.</summary>
    private async Task<IEnumerable<Subscription>> SubscriptionsAsync(Sidecar sidecar, CancellationToken cancellation)
    {
        var programmatic = await AskAsync(sidecar.App, cancellation);
        try
        {
            return resources.Subscriptions.Where(spec => spec.IsFor(sidecar.AppId)).Select(Subscription.Of)
                .Concat(programmatic)
                .GroupBy(subscription => (subscription.PubSub, subscription.Topic))
                .Select(same => same.Last())
                .ToArray();
        }
        catch (FormatException error)
        {
            throw new ConfigurationError(error.Message);
        }
    }

    private async Task<IReadOnlyList<Subscription>> AskAsync(AppChannel app, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(app.Address!, "dapr/subscribe"));
                if (app.Token is not null) request.Headers.TryAddWithoutValidation("dapr-api-token", app.Token);
                using var response = await app.Http.SendAsync(request, cancellation);
                if (response.StatusCode == HttpStatusCode.OK)
                    return Subscription.Read(await response.Content.ReadAsByteArrayAsync(cancellation));
                if (response.StatusCode == HttpStatusCode.NotFound) return [];
                logger.LogError("{AppId} answered GET /dapr/subscribe with {Status}", app.AppId, (int)response.StatusCode);
                return [];
            }
            catch (HttpRequestException) when (attempt < Attempts)
            {
                await Task.Delay(BetweenAttempts, time, cancellation);
            }
            catch (Exception error) when (error is JsonException or FormatException)
            {
                logger.LogError("{AppId} answered GET /dapr/subscribe with something else: {Reason}", app.AppId, error.Message);
                return [];
            }
        }
    }
}
