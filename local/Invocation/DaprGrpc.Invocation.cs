using Dapr.Client.Autogen.Grpc.v1;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace DaprShop.Local.Grpc;

/// <summary>Invocation over gRPC.</summary>
public sealed partial class DaprGrpc
{
    internal Task<InvokeResponse> InvokeService(InvokeServiceRequest request, ServerCallContext context) =>
        invocation.InvokeAsync(SidecarOf(context), request, context);
}

public sealed partial class DaprGrpcMethods
{
    private static void AddInvocation(ServiceMethodProviderContext<DaprGrpc> context) => Unary<InvokeServiceRequest, InvokeResponse>(
        context, "InvokeService", (dapr, request, call) => dapr.InvokeService(request, call));
}
