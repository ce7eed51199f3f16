using System.Net;
using System.Text.Json;
using DaprShop.Local.Configuration;
using DaprShop.Local.Hosting;
using DaprShop.Local.Resiliency;
using Polly;
using Polly.CircuitBreaker;

namespace DaprShop.Local.PubSub;

/// <summary>
/// Brings the messages of one subscription to one replica of an app, and settles each by the answer, by daprd's rules
/// (<c>pkg/runtime/subscription</c>): taken, dropped, to be tried again as the inbound policy says; then the dead-letter topic or,
/// without one, redelivery. An app that does not answer at all is away: that is no failure of the message.
/// </summary>
public sealed class Consumer(
    AppChannel app, Subscription subscription, PubSubComponent component, InboundPolicy policy, TimeProvider time,
    ILogger logger) : IConsumer
{
    private const int MaxInterruptions = 5;
    private static readonly TimeSpan AwayDelay = TimeSpan.FromMilliseconds(250);

    private readonly Uri[] _routes = [.. subscription.Routes.Select(route => new Uri(app.Address!, route.Path.TrimStart('/')))];

    /// <summary>Bulk deliveries come one after the other, so that they are bulky.</summary>
    public int Concurrency => subscription.Bulk is null ? component.Concurrency : 1;

    public BulkSubscribe? Bulk => subscription.Bulk;

    public Subscription Subscription => subscription;

    public async Task DeliverAsync(MessageQueue queue, BrokerMessage message)
    {
        using var call = app.Begin();
        if (!app.IsHealthy)
        {
            queue.TryAgain(message, AwayDelay);
            return;
        }
        var outcome = Outcome.Failed;
        try
        {
            var data = DataOf(message);
            outcome = RouteOf(message, data) is { } route ? await PostAsync(route, message, data) : Outcome.Dropped;
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
        if (!app.IsHealthy)
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
            catch (JsonException failure)
            {
                await SettleAsync(queue, message, OutcomeOf(failure, message));
            }
        }

        foreach (var byRoute in entries.GroupBy(entry => entry.Route))
        {
            var outcomes = await PostAsync(byRoute.Key, [.. byRoute]);
            foreach (var (message, outcome) in outcomes) await SettleAsync(queue, message, outcome);
        }
    }

    private ReadOnlyMemory<byte> DataOf(BrokerMessage message) => subscription.IsRaw
        ? CloudEvents.OfRaw(message.Envelope.Data.Span, subscription.PubSub, subscription.Topic)
        : message.Envelope.Data;

    /// <summary>Null when the message has expired or no route wants it.</summary>
    /// <exception cref="JsonException">The message is not a JSON object.</exception>
    private Uri? RouteOf(BrokerMessage message, ReadOnlyMemory<byte> data)
    {
        if (message.Envelope.ExpiresAt < time.GetUtcNow()) return null;
        if (subscription.Routes[0].Rule is null && !(message.Envelope.IsRaw && !subscription.IsRaw)) return _routes[0];
        using var document = JsonDocument.Parse(data);
        if (document.RootElement.ValueKind != JsonValueKind.Object) throw new JsonException("not a CloudEvent");
        for (var i = 0; i < _routes.Length; i++)
            if (subscription.Routes[i].Rule?.Matches(document.RootElement) ?? true) return _routes[i];
        return null;
    }

    private async Task<Outcome> PostAsync(Uri route, BrokerMessage message, ReadOnlyMemory<byte> data)
    {
        using var response = await SendAsync(route, data, CloudEvents.ContentType, message.Envelope.TraceParent);
        if (response.StatusCode == HttpStatusCode.NotFound) return Outcome.Dropped;
        if (!response.IsSuccessStatusCode) return FailureOf(response.StatusCode);
        if (response.Content.Headers.ContentLength == 0) return Outcome.Done;
        return AppAnswer.StatusOf(await response.Content.ReadAsByteArrayAsync());
    }

    private async Task<IEnumerable<(BrokerMessage, Outcome)>> PostAsync(Uri route, IReadOnlyList<BulkEntry> entries)
    {
        try
        {
            var envelope = BulkEnvelope.Write(entries, subscription);
            using var response = await SendAsync(route, envelope, "application/json", entries[0].Message.Envelope.TraceParent);
            if (response.StatusCode == HttpStatusCode.NotFound) return entries.Select(entry => (entry.Message, Outcome.Done));
            if (!response.IsSuccessStatusCode) return entries.Select(entry => (entry.Message, FailureOf(response.StatusCode)));
            var statuses = AppAnswer.StatusesOf(await response.Content.ReadAsByteArrayAsync());
            return entries.Select(entry => (entry.Message, statuses.GetValueOrDefault(entry.Id, Outcome.Failed)));
        }
        catch (Exception failure)
        {
            return entries.Select(entry => (entry.Message, OutcomeOf(failure, entry.Message)));
        }
    }

    private async Task<HttpResponseMessage> SendAsync(Uri route, ReadOnlyMemory<byte> data, string contentType, string? traceParent)
    {
        if (policy.Attempt is not { } attempt) return await SendAsync(route, data, contentType, traceParent, default);
        var context = ResilienceContextPool.Shared.Get();
        try
        {
            return await attempt.ExecuteAsync(
                static (context, call) => new ValueTask<HttpResponseMessage>(
                    call.Self.SendAsync(call.Route, call.Data, call.ContentType, call.TraceParent, context.CancellationToken)),
                context, (Self: this, Route: route, Data: data, ContentType: contentType, TraceParent: traceParent));
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private async Task<HttpResponseMessage> SendAsync(
        Uri route, ReadOnlyMemory<byte> data, string contentType, string? traceParent, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, route) { Content = new ReadOnlyMemoryContent(data) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        if (app.Token is not null) request.Headers.TryAddWithoutValidation("dapr-api-token", app.Token);
        if (traceParent is not null) request.Headers.TryAddWithoutValidation("traceparent", traceParent);
        return await app.Http.SendAsync(request, cancellation);
    }

    private Outcome FailureOf(HttpStatusCode status) =>
        policy.Retry?.HttpStatuses.Includes((int)status) ?? true ? Outcome.Failed : Outcome.Rejected;

    /// <summary>Nobody listens, or the connection broke: the app is away, unless it is always this message that breaks it.</summary>
    private static Outcome OutcomeOf(Exception failure, BrokerMessage message) => failure switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } => Outcome.Away,
        HttpRequestException or IOException or OperationCanceledException or ObjectDisposedException =>
            ++message.Interruptions <= MaxInterruptions ? Outcome.Away : Outcome.Failed,
        BrokenCircuitException => Outcome.Rejected,
        _ => Outcome.Failed,
    };

    private async Task SettleAsync(MessageQueue queue, BrokerMessage message, Outcome outcome)
    {
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
            case Outcome.Failed when policy.Retry?.DelayAfter(++message.Failures) is { } delay:
                queue.TryAgain(message, delay);
                return;
        }

        if (subscription.DeadLetterTopic is { } deadLetters && await TryMoveAsync(queue, message, deadLetters)) return;
        message.Failures = 0;
        queue.TryAgain(message, component.RedeliverInterval);
    }

    private async Task<bool> TryMoveAsync(MessageQueue queue, BrokerMessage message, string topic)
    {
        try
        {
            await queue.MoveAsync(message, topic);
            logger.LogWarning("{AppId} could not take a message of {Topic}; it went to {DeadLetterTopic}", app.AppId, queue.Topic, topic);
            return true;
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            logger.LogError("A message of {Topic} could not go to {DeadLetterTopic}: {Reason}", queue.Topic, topic, failure.Message);
            return false;
        }
    }
}
