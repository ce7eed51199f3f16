using System.Diagnostics;
using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Local.Grpc;
using DaprShop.Local.Invocation;
using Google.Protobuf;
using Microsoft.AspNetCore.Http.Features;

namespace DaprShop.Local.Tracing;

/// <summary>
/// The span of a call of the API; a feature of its request while it is traced. Names and attributes are daprd's: <c>http_tracing.go</c>,
/// <c>grpc_tracing.go</c>, <c>AppendSpanAttributes</c> of each API; the client's address is called the server's there too.
/// </summary>
/// <param name="Span">The span.</param>
internal sealed record ApiSpan(Activity Span)
{
    private const string Invocation = "ServiceInvocation";
    private const string State = "state";

    /// <summary>What shall be in no trace, or is between an app and its sidecar.</summary>
    private static readonly string[] s_untold = ["dapr-api-token", "dapr-app-id"];

    /// <summary>Called at the end, when all is known.</summary>
    public static void Describe(Activity span, HttpContext context, int status)
    {
        var request = context.Request;
        var isCall = GrpcProxy.IsCall(request);
        // Whoever calls may have headers of this kind told.
        foreach (var (name, values) in request.Headers)
        {
            if (name.StartsWith("dapr-", StringComparison.OrdinalIgnoreCase) && !name.EndsWith("-bin", StringComparison.OrdinalIgnoreCase)
                && !s_untold.Contains(name, StringComparer.OrdinalIgnoreCase))
                span.Tag(name.ToLowerInvariant(), values[^1] ?? "");
        }
        if (isCall) DescribeCall(span, context);
        else DescribeRequest(span, context, status);
    }

    /// <summary>A call of Dapr's own gRPC API, when its message has been read.</summary>
    public void Describe(IMessage message, string method)
    {
        if (!Span.IsAllDataRequested) return;
        switch (message)
        {
            case InvokeServiceRequest invoke:
                Span.Tag("rpc.service", Invocation).Tag("net.peer.name", invoke.Id).DisplayName = $"CallLocal/{invoke.Id}/{invoke.Message?.Method}";
                break;
            case PublishEventRequest publish:
                Publishes(publish.Topic);
                break;
            case BulkPublishRequest publish:
                Publishes(publish.Topic);
                break;
            case GetStateRequest state:
                Asks(State, state.StoreName);
                break;
            case SaveStateRequest state:
                Asks(State, state.StoreName);
                break;
            case DeleteStateRequest state:
                Asks(State, state.StoreName);
                break;
            case GetSecretRequest secret:
                Asks("secrets", secret.StoreName);
                break;
            case InvokeBindingRequest binding:
                Asks("bindings", binding.Name);
                break;
        }

        void Publishes(string topic) =>
            Span.Tag("rpc.service", "Dapr").Tag("messaging.system", "pubsub").Tag("messaging.destination.name", topic);

        void Asks(string block, string component) => Asking(Span, block, component, method).Tag("rpc.service", "Dapr");
    }

    private static void DescribeCall(Activity span, HttpContext context)
    {
        if (DaprGrpcMethods.IsDapr(context.Request.Path))
            span.Tag("dapr.protocol", "grpc").Tag("dapr.api", context.Request.Path.Value!);
        var trailers = context.Features.Get<IHttpResponseTrailersFeature>()?.Trailers;
        if (Of("grpc-status") is not (null or "" or "0")) span.Fail(Uri.UnescapeDataString(Of("grpc-message") ?? ""));

        string? Of(string name) => trailers?.ContainsKey(name) == true ? trailers[name] : context.Response.Headers[name];
    }

    private static void DescribeRequest(Activity span, HttpContext context, int status)
    {
        var request = context.Request;
        var (verb, path, target) = (request.Method, request.Path.Value!, context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget);
        var statement = $"{verb} {path}";
        span.Tag("dapr.protocol", "http").Tag("dapr.api", statement).Tag("dapr.status_code", $"{status}")
            .Tag("http.request.method", verb).Tag("url.full", target)
            .Tag("server.address", $"{context.Connection.RemoteIpAddress}").Tag("server.port", $"{context.Connection.RemotePort}");
        switch (path.Split('/'))
        {
            case ["", "v1.0", ("state" or "secrets" or "bindings") and var block, { Length: > 0 } component, ..]:
                Asking(span, block, component, statement);
                break;
            case ["", "v1.0" or "v1.0-alpha1", "publish", ..]:
                span.Tag("messaging.system", "pubsub");
                break;
            case ["", "v1.0", "actors", var type, var id, "method", .. var method]:
                span.Tag("rpc.service", Invocation).Tag("dapr.actor", $"{type}.{id}").Tag("net.peer.name", $"{type}.{id}")
                    .DisplayName = $"CallActor/{type}/{string.Join('/', method)}";
                break;
            case ["", "v1.0", "actors", var type, var id, "state", ..]:
                Asking(span, State, "actor", statement).Tag("dapr.actor", $"{type}.{id}");
                break;
            default:
                if (Invoker.TargetOf(context) is { } callee)
                {
                    span.Tag("rpc.service", Invocation).Tag("net.peer.name", callee.AppId)
                        .DisplayName = $"CallLocal/{callee.AppId}/{callee.Method}";
                }
                break;
        }
        span.Answered(status);
    }

    private static Activity Asking(Activity span, string block, string component, string statement) =>
        span.Tag("db.system", block).Tag("db.connection_string", block).Tag("db.name", component).Tag("db.statement", statement);
}
