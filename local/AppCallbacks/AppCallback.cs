using Dapr.AppCallback.Autogen.Grpc.v1;
using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Local.Grpc;
using DaprShop.Local.Hosting;
using DaprShop.Local.Tracing;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace DaprShop.Local.AppCallbacks;

/// <summary>
/// What a sidecar asks and tells an app that speaks gRPC (<c>appProtocol: grpc</c>), as <c>dapr.proto.runtime.v1.AppCallback</c>. An app
/// need not have all of it.
/// </summary>
/// <param name="app">The way to the app.</param>
public sealed class AppCallback(AppChannel app)
{
    private const string Service = "dapr.proto.runtime.v1.AppCallback";

    private static readonly Method<InvokeRequest, InvokeResponse> s_onInvoke = Unary<InvokeRequest, InvokeResponse>("OnInvoke");

    private static readonly Method<Empty, ListTopicSubscriptionsResponse> s_listTopicSubscriptions =
        Unary<Empty, ListTopicSubscriptionsResponse>("ListTopicSubscriptions");

    private static readonly Method<TopicEventRequest, TopicEventResponse> s_onTopicEvent =
        Unary<TopicEventRequest, TopicEventResponse>("OnTopicEvent");

    private static readonly Method<TopicEventBulkRequest, TopicEventBulkResponse> s_onBulkTopicEvent =
        Unary<TopicEventBulkRequest, TopicEventBulkResponse>("OnBulkTopicEvent");

    private static readonly Method<TopicEventBulkRequest, TopicEventBulkResponse> s_onBulkTopicEventAlpha1 =
        Unary<TopicEventBulkRequest, TopicEventBulkResponse>("OnBulkTopicEventAlpha1", Service + "Alpha");

    private static readonly Method<Empty, ListInputBindingsResponse> s_listInputBindings =
        Unary<Empty, ListInputBindingsResponse>("ListInputBindings");

    private static readonly Method<Empty, HealthCheckResponse> s_healthCheck =
        Unary<Empty, HealthCheckResponse>("HealthCheck", Service + "HealthCheck");

    private static readonly Method<BindingEventRequest, BindingEventResponse> s_onBindingEvent =
        Unary<BindingEventRequest, BindingEventResponse>("OnBindingEvent");

    /// <inheritdoc cref="AppChannel.IsHealthy"/>
    public bool IsHealthy => app.IsHealthy;

    /// <summary>A call from another app. The headers go to the app with the sidecar's token; with the answer come its own.</summary>
    /// <exception cref="RpcException">The app failed, is away, or cannot be invoked.</exception>
    public Task<CallbackAnswer> InvokeAsync(InvokeRequest request, Metadata headers, CancellationToken cancellation) => AnswerAsync(
        s_onInvoke, request, headers,
        static async call => new CallbackAnswer(await call.ResponseAsync, await call.ResponseHeadersAsync, call.GetTrailers()),
        cancellation);

    /// <summary>What the app subscribes to; nothing, when it cannot be asked.</summary>
    /// <exception cref="RpcException">It does not answer.</exception>
    public async Task<IReadOnlyList<TopicSubscription>> SubscriptionsAsync(CancellationToken cancellation)
    {
        try
        {
            return (await CallAsync(s_listTopicSubscriptions, new Empty(), [], cancellation)).Subscriptions;
        }
        catch (RpcException error) when (error.StatusCode == StatusCode.Unimplemented)
        {
            return [];
        }
    }

    /// <exception cref="RpcException">The app failed, is away, or takes no events.</exception>
    public async Task<TopicEventResponse> TellAsync(TopicEventRequest message, string? traceParent, CancellationToken cancellation) =>
        await CallAsync(s_onTopicEvent, message, Headers(message.PubsubName, traceParent), cancellation);

    /// <summary>Many at once; older apps know this by another name.</summary>
    /// <exception cref="RpcException">The app failed, is away, or takes no events in bulk.</exception>
    public async Task<TopicEventBulkResponse> TellAsync(
        TopicEventBulkRequest messages, string? traceParent, CancellationToken cancellation)
    {
        try
        {
            return await CallAsync(s_onBulkTopicEvent, messages, Headers(messages.PubsubName, traceParent), cancellation);
        }
        catch (RpcException error) when (error.StatusCode == StatusCode.Unimplemented)
        {
            return await CallAsync(s_onBulkTopicEventAlpha1, messages, Headers(messages.PubsubName, traceParent), cancellation);
        }
    }

    /// <summary>The input bindings that the app wants to hear; none, when it cannot be asked.</summary>
    public async Task<IReadOnlyList<string>> BindingsAsync(CancellationToken cancellation)
    {
        try
        {
            return (await CallAsync(s_listInputBindings, new Empty(), [], cancellation)).Bindings;
        }
        catch (RpcException)
        {
            return [];
        }
    }

    /// <exception cref="RpcException">The app failed, is away, or hears no bindings.</exception>
    public async Task<bool> TellAsync(BindingEventRequest message, string? traceParent, CancellationToken cancellation)
    {
        await CallAsync(s_onBindingEvent, message, Traced([], traceParent), cancellation);
        return true;
    }

    /// <summary>Null when the app is well, else what is the matter.</summary>
    /// <exception cref="RpcException">It is away.</exception>
    public async Task<string?> HealthAsync(CancellationToken cancellation)
    {
        try
        {
            using var call = app.Grpc.AsyncUnaryCall(s_healthCheck, null, new CallOptions(cancellationToken: cancellation), new Empty());
            await call;
            return null;
        }
        catch (RpcException) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellation);
        }
        catch (RpcException error) when (!error.IsAway())
        {
            return $"HealthCheck was answered with {error.StatusCode}: {error.Status.Detail}";
        }
    }

    private Task<TResponse> CallAsync<TRequest, TResponse>(
        Method<TRequest, TResponse> method, TRequest request, Metadata headers, CancellationToken cancellation)
        where TRequest : class
        where TResponse : class =>
        AnswerAsync(method, request, headers, static call => call.ResponseAsync, cancellation);

    private async Task<TAnswer> AnswerAsync<TRequest, TResponse, TAnswer>(
        Method<TRequest, TResponse> method, TRequest request, Metadata headers, Func<AsyncUnaryCall<TResponse>, Task<TAnswer>> read,
        CancellationToken cancellation)
        where TRequest : class
        where TResponse : class
    {
        if (app.Token is { } token) headers.Add("dapr-api-token", token);
        try
        {
            using var call = app.Grpc.AsyncUnaryCall(method, null, new CallOptions(headers, cancellationToken: cancellation), request);
            return await read(call);
        }
        catch (RpcException) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellation);
        }
    }

    private static Metadata Headers(string pubsub, string? traceParent) => Traced(new Metadata { { "pubsubname", pubsub } }, traceParent);

    private static Metadata Traced(Metadata headers, string? traceParent)
    {
        if (traceParent is not null) headers.Add("traceparent", traceParent);
        if (TraceBinary.Of(traceParent) is { } binary) headers.Add(TraceBinary.Header, binary);
        return headers;
    }

    private static Method<TRequest, TResponse> Unary<TRequest, TResponse>(string name, string service = Service)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        Protobuf.Method<TRequest, TResponse>(MethodType.Unary, service, name);
}

/// <summary>What an app that was invoked answered.</summary>
public sealed record CallbackAnswer(InvokeResponse Response, Metadata Headers, Metadata Trailers);

internal static class RpcExceptions
{
    /// <summary>There was no answer of the app's: nobody listens, or the connection broke.</summary>
    public static bool IsAway(this RpcException error) => error.Status.DebugException is HttpRequestException or IOException;

    /// <summary>Nobody listens, so nothing was sent.</summary>
    public static bool IsRefused(this RpcException error) =>
        error.Status.DebugException is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError };
}
