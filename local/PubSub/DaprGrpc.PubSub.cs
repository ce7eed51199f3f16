using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Local.PubSub;
using Google.Protobuf.WellKnownTypes;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace DaprShop.Local.Grpc;

/// <summary>Publishing over gRPC.</summary>
public sealed partial class DaprGrpc
{
    internal async Task<Empty> PublishEvent(PublishEventRequest request, ServerCallContext context)
    {
        await publish.PublishAsync(
            SidecarOf(context), request.PubsubName, request.Topic, request.Data.Memory, request.DataContentType, request.Metadata,
            context.GetHttpContext().Request.Headers.TraceContext());
        return new Empty();
    }

    internal async Task<BulkPublishResponse> BulkPublishEvent(BulkPublishRequest request, ServerCallContext context)
    {
        await publish.PublishAsync(
            SidecarOf(context), request.PubsubName, request.Topic,
            [.. request.Entries.Select(entry => new PublishEntry(entry.EntryId, entry.Event.Memory, entry.ContentType, entry.Metadata))],
            request.Metadata, context.GetHttpContext().Request.Headers.TraceContext());
        return new BulkPublishResponse();
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
    }
}
