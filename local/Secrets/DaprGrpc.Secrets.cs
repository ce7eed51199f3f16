using Dapr.Client.Autogen.Grpc.v1;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace DaprShop.Local.Grpc;

public sealed partial class DaprGrpc
{
    internal async Task<GetSecretResponse> GetSecret(GetSecretRequest request, ServerCallContext context)
    {
        var secret = await secrets.GetAsync(SidecarOf(context), request.StoreName, request.Key, context.CancellationToken);
        return new GetSecretResponse { Data = { secret.ToDictionary() } };
    }

    internal async Task<GetBulkSecretResponse> GetBulkSecret(GetBulkSecretRequest request, ServerCallContext context)
    {
        var response = new GetBulkSecretResponse();
        foreach (var (name, secret) in await secrets.GetAllAsync(SidecarOf(context), request.StoreName, context.CancellationToken))
            response.Data[name] = new SecretResponse { Secrets = { secret } };
        return response;
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
