using Dapr.Client.Autogen.Grpc.v1;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace DaprShop.Local.Grpc;

/// <summary>Locks over gRPC.</summary>
public sealed partial class DaprGrpc
{
    internal async Task<TryLockResponse> TryLock(TryLockRequest request, ServerCallContext context) =>
        new() { Success = await locks.TryAsync(SidecarOf(context), request, context.CancellationToken) };

    internal async Task<UnlockResponse> Unlock(UnlockRequest request, ServerCallContext context) =>
        new() { Status = await locks.UnlockAsync(SidecarOf(context), request, context.CancellationToken) };
}

public sealed partial class DaprGrpcMethods
{
    private static void AddLocks(ServiceMethodProviderContext<DaprGrpc> context)
    {
        Unary<TryLockRequest, TryLockResponse>(context, "TryLockAlpha1", (dapr, request, call) => dapr.TryLock(request, call));
        Unary<UnlockRequest, UnlockResponse>(context, "UnlockAlpha1", (dapr, request, call) => dapr.Unlock(request, call));
    }
}
