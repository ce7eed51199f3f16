using Dapr.Client.Autogen.Grpc.v1;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace DaprShop.Local.Grpc;

public sealed partial class DaprGrpc
{
    internal Task<GetSecretResponse> GetSecret(GetSecretRequest request, ServerCallContext context) =>
        Task.FromResult(new GetSecretResponse
        {
            Data = { secrets.Get(SidecarOf(context), request.StoreName, request.Key).ToDictionary() },
        });

    internal Task<GetBulkSecretResponse> GetBulkSecret(GetBulkSecretRequest request, ServerCallContext context)
    {
        var response = new GetBulkSecretResponse();
        foreach (var (name, secret) in secrets.GetAll(SidecarOf(context), request.StoreName))
            response.Data[name] = new SecretResponse { Secrets = { secret } };
        return Task.FromResult(response);
    }
}

public sealed partial class DaprGrpcMethods
{
    private static void AddSecrets(ServiceMethodProviderContext<DaprGrpc> context)
    {
        Unary<GetSecretRequest, GetSecretResponse>(context, "GetSecret", (service, request, call) => service.GetSecret(request, call));
        Unary<GetBulkSecretRequest, GetBulkSecretResponse>(
            context, "GetBulkSecret", (service, request, call) => service.GetBulkSecret(request, call));
    }
}
