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
public sealed class Subscriber : IAppObserver
{
    private const int Attempts = 4;
    private static readonly TimeSpan BetweenAttempts = TimeSpan.FromSeconds(1);

    private readonly PubSubComponents _components;
    private readonly ResiliencyPolicies _resiliency;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly (SubscriptionSpec Spec, Subscription Subscription)[] _declared;
    private readonly ConcurrentDictionary<Sidecar, List<(MessageQueue Queue, Consumer Consumer)>> _attached = new();

    /// <exception cref="ConfigurationError">A declared subscription has a rule that is not served.</exception>
    public Subscriber(
        PubSubComponents components, ResiliencyPolicies resiliency, Resources resources, TimeProvider time,
        ILogger<Subscriber> logger)
    {
        (_components, _resiliency, _time, _logger) = (components, resiliency, time, logger);
        _declared = [.. resources.Subscriptions.Select(spec => (spec, Parse(spec)))];
    }

    /// <summary>What the app beside this sidecar is subscribed to right now.</summary>
    public IEnumerable<Subscription> Of(Sidecar sidecar) => _attached.TryGetValue(sidecar, out var attached)
        ? attached.Select(pair => pair.Consumer.Subscription)
        : [];

    public async Task AppReadyAsync(Sidecar sidecar, CancellationToken cancellation)
    {
        var attached = new List<(MessageQueue Queue, Consumer Consumer)>();
        try
        {
            foreach (var subscription in await SubscriptionsAsync(sidecar, cancellation))
                if (ComponentFor(sidecar, subscription) is { } component) attached.Add(await AttachAsync(sidecar, subscription, component));
        }
        finally
        {
            _attached[sidecar] = attached;
        }
    }

    public Task AppGoneAsync(Sidecar sidecar)
    {
        if (_attached.TryRemove(sidecar, out var attached))
            foreach (var (queue, consumer) in attached) queue.Detach(consumer);
        return Task.CompletedTask;
    }

    /// <summary>The component of a subscription; null, with a warning, when the app may not have it.</summary>
    private PubSubComponent? ComponentFor(Sidecar sidecar, Subscription subscription)
    {
        var component = _components.Find(sidecar, subscription.PubSub);
        if (component is not null && component.Scopes.MaySubscribe(subscription.Topic)) return component;
        var reason = component is null ? "subscribes to {Topic} on {PubSub}, which it has not" : "may not subscribe to {Topic} on {PubSub}";
        _logger.LogWarning("{AppId} " + reason, sidecar.AppId, subscription.Topic, subscription.PubSub);
        return null;
    }

    private async Task<(MessageQueue Queue, Consumer Consumer)> AttachAsync(
        Sidecar sidecar, Subscription subscription, PubSubComponent component)
    {
        var queue = await component.Broker.QueueAsync(subscription.PubSub, subscription.Topic, component.Consumer);
        var policy = _resiliency.For(sidecar.AppId).Inbound(subscription.PubSub, ComponentKind.Pubsub);
        var consumer = new Consumer(sidecar.App, subscription, component, policy, _time, _logger);
        queue.Attach(consumer);
        return (queue, consumer);
    }

    private static Subscription Parse(SubscriptionSpec spec)
    {
        try
        {
            return Subscription.Of(spec);
        }
        catch (FormatException error)
        {
            throw new ConfigurationError($"{spec.Source}: subscription {spec.Name}: {error.Message}");
        }
    }

    /// <summary>What the app says of a topic goes before what a file says.</summary>
    private async Task<IEnumerable<Subscription>> SubscriptionsAsync(Sidecar sidecar, CancellationToken cancellation)
    {
        var programmatic = await AskAsync(sidecar.App, cancellation);
        return _declared.Where(declared => declared.Spec.IsFor(sidecar.AppId)).Select(declared => declared.Subscription)
            .Concat(programmatic)
            .GroupBy(subscription => (subscription.PubSub, subscription.Topic))
            .Select(same => same.Last());
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
                _logger.LogError("{AppId} answered GET /dapr/subscribe with {Status}", app.AppId, (int)response.StatusCode);
                return [];
            }
            catch (HttpRequestException) when (attempt < Attempts)
            {
                await Task.Delay(BetweenAttempts, _time, cancellation);
            }
            catch (Exception error) when (error is JsonException or FormatException)
            {
                _logger.LogError("{AppId} answered GET /dapr/subscribe with something else: {Reason}", app.AppId, error.Message);
                return [];
            }
        }
    }
}
