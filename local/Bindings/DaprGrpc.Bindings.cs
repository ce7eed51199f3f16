using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Local.Bindings;
using Google.Protobuf;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace DaprShop.Local.Grpc;

/// <summary>Output bindings over gRPC.</summary>
public sealed partial class DaprGrpc
{
    internal async Task<InvokeBindingResponse> InvokeBinding(InvokeBindingRequest request, ServerCallContext context)
    {
        var metadata = new Dictionary<string, string>(request.Metadata, StringComparer.Ordinal);
        foreach (var name in BindingEndpoints.PassedOn)
            if (context.RequestHeaders.GetValue(name) is { } value) metadata[name] = value;
        var call = new BindingCall(request.Operation, request.Data.Memory, metadata);
        try
        {
            var answer = await bindings.InvokeAsync(SidecarOf(context), request.Name, call, context.CancellationToken);
            return new InvokeBindingResponse
            {
                Data = ByteString.CopyFrom(answer.Data ?? []),
                Metadata = { answer.Metadata.ToDictionary() },
            };
        }
        catch (BindingError failure)
        {
            throw failure.Error;
        }
    }
}

public sealed partial class DaprGrpcMethods
{
    private static void AddBindings(ServiceMethodProviderContext<DaprGrpc> context) => Unary<InvokeBindingRequest, InvokeBindingResponse>(
        context, "InvokeBinding", (dapr, request, call) => dapr.InvokeBinding(request, call));
}
