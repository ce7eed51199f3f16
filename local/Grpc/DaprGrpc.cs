using System.Collections.Frozen;
using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Local.Actors;
using DaprShop.Local.Bindings;
using DaprShop.Local.ConfigStores;
using DaprShop.Local.Errors;
using DaprShop.Local.Health;
using DaprShop.Local.Hosting;
using DaprShop.Local.Invocation;
using DaprShop.Local.PubSub;
using DaprShop.Local.Secrets;
using DaprShop.Local.State;
using DaprShop.Local.Tracing;
using Google.Protobuf;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace DaprShop.Local.Grpc;

/// <summary>
/// <c>dapr.proto.runtime.v1.Dapr</c>. Each building block adds its methods in a file of its own (<c>State/DaprGrpc.State.cs</c>, …),
/// which turn messages into calls of the block's core and back. What is not served answers UNIMPLEMENTED.
/// </summary>
public sealed partial class DaprGrpc(
    StateRequests state, PublishRequests publish, Subscriber subscriber, SecretStores secrets, SidecarMetadata metadata, SidecarShutdown shutdown,
    ActorBlock actors, BindingRequests bindings, ConfigurationStores configuration, Locks.Locks locks, ServiceInvocation invocation, Tracers tracers)
{
    /// <summary>What a call is about is told to its trace, if it has one.</summary>
    internal void Describe(IMessage request, ServerCallContext context)
    {
        if (tracers.IsOn) context.GetHttpContext().Features.Get<ApiSpan>()?.Describe(request, context.Method);
    }

    private static Sidecar SidecarOf(ServerCallContext context) => context.GetHttpContext().GetSidecar();
}

/// <summary>
/// The method table. The Dapr.Protos package has the messages but no server base class, so the methods are bound here.
/// </summary>
public sealed partial class DaprGrpcMethods : IServiceMethodProvider<DaprGrpc>
{
    private const string Service = "dapr.proto.runtime.v1.Dapr";

    private static readonly FrozenSet<string> s_paths = DaprReflection.Descriptor.Services[0].Methods
        .Select(method => $"/{Service}/{method.Name}").ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Whether Dapr has such a method, served here or not; what it has not may be an app's.</summary>
    public static bool IsDapr(string? path) => path is not null && s_paths.Contains(path);

    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<DaprGrpc> context)
    {
        AddHealth(context);
        AddSecrets(context);
        AddPubSub(context);
        AddState(context);
        AddActors(context);
        AddBindings(context);
        AddConfiguration(context);
        AddLocks(context);
        AddInvocation(context);
    }

    private static void Unary<TRequest, TResponse>(
        ServiceMethodProviderContext<DaprGrpc> context, string name,
        Func<DaprGrpc, TRequest, ServerCallContext, Task<TResponse>> handler)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new()
    {
        var method = Protobuf.Method<TRequest, TResponse>(MethodType.Unary, Service, name);
        context.AddUnaryMethod(method, [], async (service, request, call) =>
        {
            service.Describe(request, call);
            try
            {
                return await handler(service, request, call);
            }
            catch (DaprError error)
            {
                throw error.ToRpc();
            }
        });
    }

    private static void ServerStreaming<TRequest, TResponse>(
        ServiceMethodProviderContext<DaprGrpc> context, string name,
        Func<DaprGrpc, TRequest, IServerStreamWriter<TResponse>, ServerCallContext, Task> handler)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new()
    {
        var method = Protobuf.Method<TRequest, TResponse>(MethodType.ServerStreaming, Service, name);
        context.AddServerStreamingMethod(method, [], async (service, request, stream, call) =>
        {
            try
            {
                await handler(service, request, stream, call);
            }
            catch (DaprError error)
            {
                throw error.ToRpc();
            }
        });
    }

    private static void DuplexStreaming<TRequest, TResponse>(
        ServiceMethodProviderContext<DaprGrpc> context, string name,
        Func<DaprGrpc, IAsyncStreamReader<TRequest>, IServerStreamWriter<TResponse>, ServerCallContext, Task> handler)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new()
    {
        var method = Protobuf.Method<TRequest, TResponse>(MethodType.DuplexStreaming, Service, name);
        context.AddDuplexStreamingMethod(method, [], async (service, requests, stream, call) =>
        {
            try
            {
                await handler(service, requests, stream, call);
            }
            catch (DaprError error)
            {
                throw error.ToRpc();
            }
        });
    }
}
