using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf.WellKnownTypes;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace DaprShop.Local.Grpc;

public sealed partial class DaprGrpc
{
    internal Task<GetMetadataResponse> GetMetadata(GetMetadataRequest _, ServerCallContext context) =>
        Task.FromResult(metadata.Of(SidecarOf(context)));

    internal Task<Empty> SetMetadata(SetMetadataRequest request, ServerCallContext context)
    {
        metadata.Label(SidecarOf(context), request.Key, request.Value);
        return Task.FromResult(new Empty());
    }

    internal Task<Empty> Shutdown(ShutdownRequest _, ServerCallContext context)
    {
        shutdown.Request(SidecarOf(context));
        return Task.FromResult(new Empty());
    }
}

public sealed partial class DaprGrpcMethods
{
    private static void AddHealth(ServiceMethodProviderContext<DaprGrpc> context)
    {
        Unary<GetMetadataRequest, GetMetadataResponse>(
            context, "GetMetadata", (service, request, call) => service.GetMetadata(request, call));
        Unary<SetMetadataRequest, Empty>(context, "SetMetadata", (service, request, call) => service.SetMetadata(request, call));
        Unary<ShutdownRequest, Empty>(context, "Shutdown", (service, request, call) => service.Shutdown(request, call));
    }
}
