using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Local.Configuration;
using DaprShop.Local.Errors;
using DaprShop.Local.Hosting;
using DaprShop.Local.Resiliency;
using DaprShop.Local.Tracing;
using Grpc.Core;

namespace DaprShop.Local.PubSub;

/// <summary>
/// Subscribes apps: when one becomes ready it is asked for its subscriptions (<c>GET /dapr/subscribe</c>, or <c>ListTopicSubscriptions</c>), which join those that files
/// declare for it, and its queues begin to flow; while it is unwell, and when it goes, they rest.
/// </summary>
public sealed class Subscriber : IAppObserver
{
    private const int Attempts = 4;
    private static readonly TimeSpan BetweenAttempts = TimeSpan.FromSeconds(1);

    private readonly PubSubComponents _components;
    private readonly ResiliencyPolicies _resiliency;
    private readonly DeadLetters _deadLetters;
    private readonly Tracers _tracers;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly (SubscriptionSpec Spec, Subscription Subscription)[] _declared;
    private readonly ConcurrentDictionary<Sidecar, List<Attachment>> _attached = new();
    private readonly ConcurrentDictionary<Attachment, Sidecar> _streamed = new();

    /// <exception cref="ConfigurationError">A declared subscription has a rule that is not served.</exception>
    public Subscriber(
        PubSubComponents components, ResiliencyPolicies resiliency, Resources resources, DeadLetters deadLetters, Tracers tracers, TimeProvider time,
        ILogger<Subscriber> logger)
    {
        (_components, _resiliency, _deadLetters, _tracers, _time, _logger) = (components, resiliency, deadLetters, tracers, time, logger);
        _declared = [.. resources.Subscriptions.Select(spec => (spec, Parse(spec)))];
    }

    /// <summary>
    /// What the app beside this sidecar is subscribed to, whether or not it is well; of one that could not be asked, what files declare.
    /// </summary>
    public IEnumerable<Subscription> Of(Sidecar sidecar)
    {
        var streamed = _streamed.Where(pair => pair.Value == sidecar).Select(pair => pair.Key.Consumer.Subscription);
        return _attached.TryGetValue(sidecar, out var attached)
            ? attached.Select(attachment => attachment.Consumer.Subscription).Concat(streamed)
            : DeclaredFor(sidecar).Where(subscription => _components.Find(sidecar, subscription.PubSub) is not null).Concat(streamed);
    }

    public async Task AppReadyAsync(Sidecar sidecar, CancellationToken cancellation)
    {
        var attached = new List<Attachment>();
        try
        {
            foreach (var subscription in await SubscriptionsAsync(sidecar, cancellation))
            {
                if (ComponentFor(sidecar, subscription) is not { } component) continue;
                var policy = PolicyOf(sidecar, subscription);
                IDelivery delivery = sidecar.SpeaksGrpc
                    ? new GrpcDelivery(sidecar.Callback, subscription, policy, _tracers.Of(sidecar))
                    : new HttpDelivery(sidecar.App, subscription, policy, _tracers.Of(sidecar));
                attached.Add(await AttachAsync(sidecar, subscription, component, delivery));
            }
        }
        finally
        {
            _attached[sidecar] = attached;
        }
    }

    public Task AppPausedAsync(Sidecar sidecar)
    {
        _attached.GetValueOrDefault(sidecar, []).ForEach(attachment => attachment.Detach());
        return Task.CompletedTask;
    }

    public Task AppResumedAsync(Sidecar sidecar, CancellationToken cancellation)
    {
        _attached.GetValueOrDefault(sidecar, []).ForEach(attachment => attachment.Attach());
        return Task.CompletedTask;
    }

    public Task AppGoneAsync(Sidecar sidecar)
    {
        if (_attached.TryRemove(sidecar, out var attached))
            attached.ForEach(attachment => attachment.Detach());
        return Task.CompletedTask;
    }

    /// <summary>Brings a topic's messages down a stream that the app has opened, until the app ends it or is to end itself.</summary>
    /// <exception cref="DaprError">There is no such component.</exception>
    /// <exception cref="RpcException">The app may not have it, or says something that it must not.</exception>
    internal async Task StreamAsync(
        Sidecar sidecar, Subscription subscription, IAsyncStreamReader<SubscribeTopicEventsRequestAlpha1> answers,
        IServerStreamWriter<SubscribeTopicEventsResponseAlpha1> events, CancellationToken cancellation)
    {
        var component = _components.Find(sidecar, subscription.PubSub) ?? throw PublishRequests.NotFound(subscription.PubSub, null);
        if (!component.Scopes.MaySubscribe(subscription.Topic))
        {
            throw new RpcException(new Status(
                StatusCode.Unknown,
                $"failed to create subscription for {subscription.PubSub}: "
                    + $"subscription to topic '{subscription.Topic}' on pubsub '{subscription.PubSub}' is not allowed"));
        }
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation, sidecar.AppStopping);
        // What is published once the app has heard that it is subscribed is kept for it.
        _ = await component.Broker.QueueAsync(subscription.PubSub, subscription.Topic, component.Consumer);
        await events.WriteAsync(new SubscribeTopicEventsResponseAlpha1 { InitialResponse = new() }, end.Token);
        using var delivery = new StreamDelivery(subscription, PolicyOf(sidecar, subscription), events, _tracers.Of(sidecar));
        var attachment = await AttachAsync(sidecar, subscription, component, delivery);
        _streamed[attachment] = sidecar;
        try
        {
            while (await answers.MoveNext(end.Token))
            {
                delivery.Answered(answers.Current.EventProcessed
                    ?? throw new RpcException(new Status(StatusCode.Unknown, "duplicate initial request received")));
            }
        }
        catch (Exception error) when (error is OperationCanceledException or IOException)
        {
            // The app, or its stream, is gone.
        }
        finally
        {
            _streamed.TryRemove(attachment, out _);
            attachment.Detach();
            delivery.Close();
        }
    }

    private InboundPolicy PolicyOf(Sidecar sidecar, Subscription subscription) =>
        _resiliency.For(sidecar.AppId).Inbound(subscription.PubSub, ComponentKind.Pubsub);

    /// <summary>The component of a subscription; null, with a warning, when the app may not have it.</summary>
    private PubSubComponent? ComponentFor(Sidecar sidecar, Subscription subscription)
    {
        var component = _components.Find(sidecar, subscription.PubSub);
        if (component is not null && component.Scopes.MaySubscribe(subscription.Topic)) return component;
        var reason = component is null ? "subscribes to {Topic} on {PubSub}, which it has not" : "may not subscribe to {Topic} on {PubSub}";
        _logger.LogWarning("{AppId} " + reason, sidecar.AppId, subscription.Topic, subscription.PubSub);
        return null;
    }

    private async Task<Attachment> AttachAsync(
        Sidecar sidecar, Subscription subscription, PubSubComponent component, IDelivery delivery)
    {
        var queue = await component.Broker.QueueAsync(subscription.PubSub, subscription.Topic, component.Consumer);
        var retry = PolicyOf(sidecar, subscription).Retry;
        var consumer = new Consumer(sidecar.App, subscription, component, delivery, retry, _deadLetters, _time, _logger, sidecar.AppStopping);
        var attachment = new Attachment(queue, consumer);
        attachment.Attach();
        return attachment;
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
        var programmatic = await AskAsync(sidecar, cancellation);
        return DeclaredFor(sidecar).Concat(programmatic)
            .GroupBy(subscription => (subscription.PubSub, subscription.Topic))
            .Select(same => same.Last());
    }

    private IEnumerable<Subscription> DeclaredFor(Sidecar sidecar) =>
        _declared.Where(declared => declared.Spec.IsFor(sidecar.AppId)).Select(declared => declared.Subscription);

    private async Task<IReadOnlyList<Subscription>> AskAsync(Sidecar sidecar, CancellationToken cancellation)
    {
        var question = sidecar.SpeaksGrpc ? "ListTopicSubscriptions" : "GET /dapr/subscribe";
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return sidecar.SpeaksGrpc
                    ? [.. (await sidecar.Callback.SubscriptionsAsync(cancellation)).Select(Subscription.Of)]
                    : await AskAsync(sidecar.App, cancellation);
            }
            catch (Exception error) when (error is HttpRequestException or RpcException && attempt < Attempts)
            {
                await Task.Delay(BetweenAttempts, _time, cancellation);
            }
            catch (Exception error) when (error is JsonException or FormatException or RpcException)
            {
                _logger.LogError("{AppId} answered {Question} with something else: {Reason}", sidecar.AppId, question, error.Message);
                return [];
            }
        }
    }

    private async Task<IReadOnlyList<Subscription>> AskAsync(AppChannel app, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(app.Address!, "dapr/subscribe"));
        if (app.Token is not null) request.Headers.TryAddWithoutValidation("dapr-api-token", app.Token);
        using var response = await app.Http.SendAsync(request, cancellation);
        if (response.StatusCode == HttpStatusCode.OK) return Subscription.Read(await response.Content.ReadAsByteArrayAsync(cancellation));
        if (response.StatusCode != HttpStatusCode.NotFound)
            _logger.LogError("{AppId} answered GET /dapr/subscribe with {Status}", app.AppId, (int)response.StatusCode);
        return [];
    }

    /// <summary>A subscription that flows.</summary>
    private sealed record Attachment(MessageQueue Queue, Consumer Consumer)
    {
        public void Attach() => Queue.Attach(Consumer);

        public void Detach() => Queue.Detach(Consumer);
    }
}
