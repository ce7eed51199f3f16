using System.Threading.Channels;
using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Local.ConfigStores;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace DaprShop.Local.Grpc;

/// <summary>Configuration over gRPC.</summary>
public sealed partial class DaprGrpc
{
    internal async Task<GetConfigurationResponse> GetConfiguration(GetConfigurationRequest request, ServerCallContext context)
    {
        var response = new GetConfigurationResponse();
        foreach (var (key, item) in await configuration.GetAsync(SidecarOf(context), request.StoreName, request.Keys, context.CancellationToken))
            response.Items[key] = ToMessage(item);
        return response;
    }

    /// <summary>First the subscription's id, then each change, until either side ends it.</summary>
    internal async Task SubscribeConfiguration(
        SubscribeConfigurationRequest request, IServerStreamWriter<SubscribeConfigurationResponse> stream, ServerCallContext context)
    {
        var sidecar = SidecarOf(context);
        var changes = Channel.CreateUnbounded<SubscribeConfigurationResponse>();
        var id = await configuration.SubscribeAsync(
            sidecar, request.StoreName, request.Keys,
            (id, items) =>
            {
                var change = new SubscribeConfigurationResponse { Id = id };
                foreach (var (key, item) in items) change.Items[key] = ToMessage(item);
                return changes.Writer.WriteAsync(change, context.CancellationToken).AsTask();
            },
            context.CancellationToken);
        try
        {
            await stream.WriteAsync(new SubscribeConfigurationResponse { Id = id }, context.CancellationToken);
            await foreach (var change in changes.Reader.ReadAllAsync(context.CancellationToken))
                await stream.WriteAsync(change, context.CancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The app has hung up.
        }
        finally
        {
            configuration.Unsubscribe(sidecar, request.StoreName, id);
        }
    }

    internal Task<UnsubscribeConfigurationResponse> UnsubscribeConfiguration(
        UnsubscribeConfigurationRequest request, ServerCallContext context)
    {
        var problem = configuration.Unsubscribe(SidecarOf(context), request.StoreName, request.Id);
        return Task.FromResult(new UnsubscribeConfigurationResponse { Ok = problem is null, Message = problem ?? "" });
    }

    private static ConfigurationItem ToMessage(ConfigItem item) => new() { Value = item.Value ?? "", Version = item.Version ?? "" };
}

public sealed partial class DaprGrpcMethods
{
    private static void AddConfiguration(ServiceMethodProviderContext<DaprGrpc> context)
    {
        foreach (var suffix in (string[])["", "Alpha1"])
        {
            Unary<GetConfigurationRequest, GetConfigurationResponse>(
                context, "GetConfiguration" + suffix, (dapr, request, call) => dapr.GetConfiguration(request, call));
            ServerStreaming<SubscribeConfigurationRequest, SubscribeConfigurationResponse>(
                context, "SubscribeConfiguration" + suffix,
                (dapr, request, stream, call) => dapr.SubscribeConfiguration(request, stream, call));
            Unary<UnsubscribeConfigurationRequest, UnsubscribeConfigurationResponse>(
                context, "UnsubscribeConfiguration" + suffix, (dapr, request, call) => dapr.UnsubscribeConfiguration(request, call));
        }
    }
}
