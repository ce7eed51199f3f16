using System.Collections.Concurrent;
using Dapr.AppCallback.Autogen.Grpc.v1;
using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Local.Resiliency;
using DaprShop.Local.Tracing;
using Grpc.Core;
using Status = Dapr.AppCallback.Autogen.Grpc.v1.TopicEventResponse.Types.TopicEventResponseStatus;

namespace DaprShop.Local.PubSub;

/// <summary>
/// Events go down a stream that the app has opened, and what became of each comes back up, by its id (daprd
/// <c>pkg/runtime/pubsub/streamer</c>).
/// </summary>
internal sealed class StreamDelivery(
    Subscription subscription, InboundPolicy policy, IServerStreamWriter<SubscribeTopicEventsResponseAlpha1> stream,
    SidecarTracer? tracer)
    : IDelivery, IDisposable
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource<Status>> _unanswered = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _writing = new(1, 1);
    private volatile bool _closed;

    public bool IsOpen => !_closed;

    public Task<Outcome> DeliverAsync(Route route, BrokerMessage message, ReadOnlyMemory<byte> data) => policy.AttemptAsync(
        static (call, cancellation) => call.Self.DeliverAsync(call.Event, call.TraceParent, cancellation),
        (Self: this, Event: TopicEvents.Of(data, subscription, route.Path), message.Envelope.TraceParent));

    public Task<IReadOnlyDictionary<string, Outcome>> DeliverAsync(Route route, IReadOnlyList<BulkEntry> entries) =>
        throw new NotSupportedException("A stream is not subscribed in bulk.");

    /// <summary>The app says what became of an event; of one that it was not asked about, that is nothing.</summary>
    public void Answered(SubscribeTopicEventsRequestProcessedAlpha1 answer)
    {
        if (_unanswered.TryGetValue(answer.Id, out var waiting)) waiting.TrySetResult(answer.Status?.Status ?? Status.Success);
    }

    /// <summary>Nothing goes down the stream any more, and nothing comes up.</summary>
    public void Close()
    {
        _closed = true;
        foreach (var waiting in _unanswered.Values) waiting.TrySetException(Closed());
    }

    public void Dispose() => _writing.Dispose();

    private async Task<Outcome> DeliverAsync(TopicEventRequest message, string? publisher, CancellationToken cancellation)
    {
        var waiting = new TaskCompletionSource<Status>(TaskCreationOptions.RunContinuationsAsynchronously);
        // One of two events with the same id waits until the app is done with the other.
        if (!_unanswered.TryAdd(message.Id, waiting)) return Outcome.Away;
        try
        {
            // The app's answer is not part of it, as in daprd.
            using (DeliverySpans.Of(tracer, subscription.Topic, publisher)) await SendAsync(message, cancellation);
            if (_closed) throw Closed();
            return GrpcDelivery.OutcomeOf(await waiting.Task.WaitAsync(cancellation));
        }
        finally
        {
            _unanswered.TryRemove(message.Id, out _);
        }
    }

    private async Task SendAsync(TopicEventRequest message, CancellationToken cancellation)
    {
        await _writing.WaitAsync(cancellation);
        try
        {
            await stream.WriteAsync(new SubscribeTopicEventsResponseAlpha1 { EventMessage = message }, cancellation);
        }
        catch (InvalidOperationException)
        {
            // The call is over.
            throw Closed();
        }
        finally
        {
            _writing.Release();
        }
    }

    private static IOException Closed() => new("stream closed");
}
