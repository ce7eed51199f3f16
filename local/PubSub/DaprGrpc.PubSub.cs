using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Local.PubSub;
using Google.Protobuf.WellKnownTypes;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace DaprShop.Local.Grpc;

/// <summary>Publishing over gRPC, and subscriptions that an app opens a stream for.</summary>
public sealed partial class DaprGrpc
{
    internal async Task<Empty> PublishEvent(PublishEventRequest request, ServerCallContext context)
    {
        await publish.PublishAsync(
            context.GetHttpContext(), request.PubsubName, request.Topic, request.Data.Memory, request.DataContentType, request.Metadata);
        return new Empty();
    }

    internal async Task<BulkPublishResponse> BulkPublishEvent(BulkPublishRequest request, ServerCallContext context)
    {
        await publish.PublishAsync(
            context.GetHttpContext(), request.PubsubName, request.Topic,
            [.. request.Entries.Select(entry => new PublishEntry(entry.EntryId, entry.Event.Memory, entry.ContentType, entry.Metadata))],
            request.Metadata);
        return new BulkPublishResponse();
    }

    /// <summary>First what the app wants; then events one way, what became of each the other.</summary>
    internal async Task SubscribeTopicEvents(
        IAsyncStreamReader<SubscribeTopicEventsRequestAlpha1> requests, IServerStreamWriter<SubscribeTopicEventsResponseAlpha1> events,
        ServerCallContext context)
    {
        var wanted = await requests.MoveNext(context.CancellationToken) ? requests.Current.InitialRequest : null;
        var missing = wanted switch
        {
            null => "initial request is required",
            { PubsubName: "" } => "pubsubName is required",
            { Topic: "" } => "topic is required",
            _ => null,
        };
        if (missing is not null) throw new RpcException(new Status(StatusCode.Unknown, missing));
        await subscriber.StreamAsync(SidecarOf(context), Subscription.Of(wanted!), requests, events, context.CancellationToken);
    }
}

public sealed partial class DaprGrpcMethods
{
    private static void AddPubSub(ServiceMethodProviderContext<DaprGrpc> context)
    {
        Unary<PublishEventRequest, Empty>(context, "PublishEvent", (dapr, request, call) => dapr.PublishEvent(request, call));
        Unary<BulkPublishRequest, BulkPublishResponse>(
            context, "BulkPublishEvent", (dapr, request, call) => dapr.BulkPublishEvent(request, call));
        Unary<BulkPublishRequest, BulkPublishResponse>(
            context, "BulkPublishEventAlpha1", (dapr, request, call) => dapr.BulkPublishEvent(request, call));
        DuplexStreaming<SubscribeTopicEventsRequestAlpha1, SubscribeTopicEventsResponseAlpha1>(
            context, "SubscribeTopicEventsAlpha1", (dapr, requests, events, call) => dapr.SubscribeTopicEvents(requests, events, call));
    }
}
