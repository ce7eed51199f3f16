using System.Collections.Immutable;
using System.Text.Json;
using Dapr.AppCallback.Autogen.Grpc.v1;
using DaprShop.Local.AppCallbacks;
using DaprShop.Local.Resiliency;
using DaprShop.Local.Tracing;
using Grpc.Core;
using AppCallback = DaprShop.Local.AppCallbacks.AppCallback;
using Status = Dapr.AppCallback.Autogen.Grpc.v1.TopicEventResponse.Types.TopicEventResponseStatus;

namespace DaprShop.Local.PubSub;

/// <summary>Events go to the app as <c>OnTopicEvent</c> (daprd <c>pkg/runtime/subscription/postman/grpc</c>).</summary>
internal sealed class GrpcDelivery(AppCallback app, Subscription subscription, InboundPolicy policy, SidecarTracer? tracer) : IDelivery
{
    private const string BulkType = "com.dapr.event.sent.bulk";

    public bool IsOpen => app.IsHealthy;

    public async Task<Outcome> DeliverAsync(Route route, BrokerMessage message, ReadOnlyMemory<byte> data)
    {
        try
        {
            var answer = await policy.AttemptAsync(
                static (call, cancellation) => call.Self.TellAsync(call.Event, call.TraceParent, cancellation),
                (Self: this, Event: TopicEvents.Of(data, subscription, route.Path), message.Envelope.TraceParent));
            return OutcomeOf(answer.Status);
        }
        catch (RpcException error) when (!error.IsAway())
        {
            return OutcomeOf(error);
        }
    }

    public async Task<IReadOnlyDictionary<string, Outcome>> DeliverAsync(Route route, IReadOnlyList<BulkEntry> entries)
    {
        var readable = Readable(entries);
        if (readable.Count == 0) return ImmutableDictionary<string, Outcome>.Empty;
        var request = new TopicEventBulkRequest
        {
            Id = Guid.NewGuid().ToString(),
            Topic = subscription.Topic,
            PubsubName = subscription.PubSub,
            Type = BulkType,
            Path = route.Path,
            Metadata = { ["pubsubName"] = subscription.PubSub },
            Entries = { readable },
        };
        try
        {
            var answer = await policy.AttemptAsync(
                static (call, cancellation) => call.Self.TellAsync(call.Events, call.Entries, cancellation),
                (Self: this, Events: request, Entries: entries));
            return answer.Statuses.DistinctBy(entry => entry.EntryId).ToDictionary(entry => entry.EntryId, entry => OutcomeOf(entry.Status));
        }
        catch (RpcException error) when (!error.IsAway())
        {
            return entries.ToDictionary(entry => entry.Id, _ => OutcomeOf(error));
        }
    }

    private async Task<TopicEventResponse> TellAsync(TopicEventRequest message, string? publisher, CancellationToken cancellation)
    {
        using var spans = DeliverySpans.Of(tracer, subscription.Topic, publisher);
        try
        {
            return await app.TellAsync(message, spans.TraceParent, cancellation);
        }
        catch (RpcException error)
        {
            spans.Fail(error.Status.Detail);
            throw;
        }
    }

    private async Task<TopicEventBulkResponse> TellAsync(
        TopicEventBulkRequest messages, IReadOnlyList<BulkEntry> entries, CancellationToken cancellation)
    {
        using var spans = DeliverySpans.Of(tracer, subscription.Topic, entries);
        try
        {
            return await app.TellAsync(messages, spans.TraceParent, cancellation);
        }
        catch (RpcException error)
        {
            spans.Fail(error.Status.Detail);
            throw;
        }
    }

    /// <summary>What is not what its type says has failed by itself, without an outcome, and takes no other with it.</summary>
    private List<TopicEventBulkRequestEntry> Readable(IReadOnlyList<BulkEntry> entries)
    {
        var readable = new List<TopicEventBulkRequestEntry>(entries.Count);
        foreach (var entry in entries)
        {
            try
            {
                readable.Add(TopicEvents.Of(entry, subscription.IsRaw));
            }
            catch (Exception error) when (error is JsonException or FormatException or InvalidOperationException or IOException)
            {
            }
        }
        return readable;
    }

    internal static Outcome OutcomeOf(Status status) => status switch
    {
        Status.Success => Outcome.Done,
        Status.Drop => Outcome.Dropped,
        _ => Outcome.Failed,
    };

    /// <summary>An app that takes no events at all is done with them.</summary>
    private Outcome OutcomeOf(RpcException error) => error.StatusCode switch
    {
        StatusCode.Unimplemented => Outcome.Done,
        var status => policy.Retry?.GrpcStatuses.Includes((int)status) ?? true ? Outcome.Failed : Outcome.Rejected,
    };
}
