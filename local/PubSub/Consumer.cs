using System.Net.Sockets;
using System.Text.Json;
using DaprShop.Local.AppCallbacks;
using DaprShop.Local.Configuration;
using DaprShop.Local.Hosting;
using DaprShop.Local.Resiliency;
using Grpc.Core;
using Polly.CircuitBreaker;

namespace DaprShop.Local.PubSub;

/// <summary>
/// Brings the messages of one subscription to one replica of an app, and settles each by the answer, by daprd's rules
/// (<c>pkg/runtime/subscription</c>): taken, dropped, to be tried again as the inbound policy says; then the dead-letter topic or,
/// without one, redelivery. An app that does not answer at all is away: that is no failure of the message.
/// </summary>
internal sealed class Consumer(
    AppChannel app, Subscription subscription, PubSubComponent component, IDelivery delivery, RetryPolicy? retry, DeadLetters deadLetters,
    TimeProvider time, ILogger logger, CancellationToken stopping) : IConsumer
{
    private const int MaxInterruptions = 5;
    private static readonly TimeSpan AwayDelay = TimeSpan.FromMilliseconds(250);

    /// <summary>Bulk deliveries come one after the other, so that they are bulky.</summary>
    public int Concurrency => subscription.Bulk is null ? component.Concurrency : 1;

    public BulkSubscribe? Bulk => subscription.Bulk;

    public Subscription Subscription => subscription;

    public async Task DeliverAsync(MessageQueue queue, BrokerMessage message)
    {
        using var call = app.Begin();
        if (!delivery.IsOpen)
        {
            queue.TryAgain(message, AwayDelay);
            return;
        }
        var outcome = Outcome.Failed;
        try
        {
            var data = DataOf(message);
            outcome = RouteOf(message, data) is { } route ? await delivery.DeliverAsync(route, message, data) : Outcome.Dropped;
        }
        catch (Exception failure)
        {
            outcome = OutcomeOf(failure, message);
        }

        await SettleAsync(queue, message, outcome);
    }

    public async Task DeliverAsync(MessageQueue queue, IReadOnlyList<BrokerMessage> messages)
    {
        using var call = app.Begin();
        if (!delivery.IsOpen)
        {
            foreach (var message in messages) queue.TryAgain(message, AwayDelay);
            return;
        }
        var entries = new List<BulkEntry>();
        foreach (var message in messages)
        {
            var data = DataOf(message);
            try
            {
                if (RouteOf(message, data) is { } route) entries.Add(new BulkEntry(message, data, route));
                else await SettleAsync(queue, message, Outcome.Dropped);
            }
            catch (Exception failure)
            {
                await SettleAsync(queue, message, OutcomeOf(failure, message));
            }
        }

        foreach (var byRoute in entries.GroupBy(entry => entry.Route))
        {
            var outcomes = await DeliverAsync(byRoute.Key, [.. byRoute]);
            foreach (var (message, outcome) in outcomes) await SettleAsync(queue, message, outcome);
        }
    }

    private ReadOnlyMemory<byte> DataOf(BrokerMessage message) => subscription.IsRaw
        ? CloudEvents.OfRaw(message.Envelope.Data.Span, subscription.PubSub, subscription.Topic)
        : message.Envelope.Data;

    /// <summary>Null when the message has expired or no route wants it.</summary>
    /// <exception cref="RoutingFailure">The message is not a JSON object, or there is no telling whether a route wants it.</exception>
    private Route? RouteOf(BrokerMessage message, ReadOnlyMemory<byte> data)
    {
        if (message.Envelope.ExpiresAt < time.GetUtcNow()) return null;
        if (subscription.Routes[0].Rule is null && !(message.Envelope.IsRaw && !subscription.IsRaw)) return subscription.Routes[0];
        try
        {
            using var document = JsonDocument.Parse(data, DeepJson.Reading);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? RouteOf(document.RootElement)
                : throw Unroutable("it is no CloudEvent");
        }
        catch (JsonException error)
        {
            throw Unroutable(error.Message);
        }
    }

    private Route? RouteOf(JsonElement cloudEvent)
    {
        foreach (var route in subscription.Routes)
        {
            if (route.Rule is not { } rule) return route;
            var matches = rule.Matches(cloudEvent) ?? throw Unroutable($"the rule {route.Match} cannot be applied to it");
            if (matches) return route;
        }
        return null;
    }

    private RoutingFailure Unroutable(string reason)
    {
        logger.LogError("A message of {Topic} has no route in {AppId}: {Reason}", subscription.Topic, app.AppId, reason);
        return new RoutingFailure(reason);
    }

    private async Task<IEnumerable<(BrokerMessage, Outcome)>> DeliverAsync(Route route, IReadOnlyList<BulkEntry> entries)
    {
        try
        {
            var outcomes = await delivery.DeliverAsync(route, entries);
            return entries.Select(entry => (entry.Message, outcomes.GetValueOrDefault(entry.Id, Outcome.Failed)));
        }
        catch (Exception failure)
        {
            return entries.Select(entry => (entry.Message, OutcomeOf(failure, entry.Message)));
        }
    }

    /// <summary>Nobody listens, or the connection broke: the app is away, unless it is always this message that breaks it.</summary>
    private static Outcome OutcomeOf(Exception failure, BrokerMessage message) => failure switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } or SocketException => Outcome.Away,
        RpcException rpc when rpc.IsRefused() => Outcome.Away,
        HttpRequestException or RpcException or IOException or OperationCanceledException or ObjectDisposedException =>
            ++message.Interruptions <= MaxInterruptions ? Outcome.Away : Outcome.Failed,
        BrokenCircuitException or RoutingFailure => Outcome.Rejected,
        _ => Outcome.Failed,
    };

    private async Task SettleAsync(MessageQueue queue, BrokerMessage message, Outcome outcome)
    {
        // What fails as the app becomes unwell, or goes, is not held against the message; unless it is always this message.
        var fails = outcome is Outcome.Failed or Outcome.Rejected;
        if (fails && !delivery.IsOpen && ++message.Interruptions <= MaxInterruptions) outcome = Outcome.Away;
        switch (outcome)
        {
            case Outcome.Done:
                queue.Done(message);
                return;
            case Outcome.Away:
                queue.TryAgain(message, AwayDelay);
                return;
            case Outcome.Dropped when subscription.DeadLetterTopic is null:
                queue.Done(message);
                return;
            case Outcome.Failed when retry?.DelayAfter(++message.Failures) is { } delay:
                queue.TryAgain(message, delay);
                return;
        }

        if (subscription.DeadLetterTopic is { } topic && await TryMoveAsync(queue, message, topic)) return;
        message.Failures = 0;
        queue.TryAgain(message, component.RedeliverInterval);
    }

    private async Task<bool> TryMoveAsync(MessageQueue queue, BrokerMessage message, string topic)
    {
        try
        {
            if (component.Policy is { } policy)
            {
                await policy.CallAsync(
                    static (move, limited) => move.Queue.MoveAsync(move.Message, move.Topic, limited),
                    (Queue: queue, Message: message, Topic: topic), stopping);
            }
            else
            {
                await queue.MoveAsync(message, topic);
            }

            deadLetters.Add(queue.PubSub, topic);
            logger.LogWarning("{AppId} could not take a message of {Topic}; it went to {DeadLetterTopic}", app.AppId, queue.Topic, topic);
            return true;
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException or OperationCanceledException)
        {
            logger.LogError("A message of {Topic} could not go to {DeadLetterTopic}: {Reason}", queue.Topic, topic, failure.Message);
            return false;
        }
    }
}

/// <summary>Where a message goes in an app cannot be found out; asking again does not help.</summary>
internal sealed class RoutingFailure(string message) : Exception(message);
