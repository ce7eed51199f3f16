using System.Diagnostics;
using System.Net;
using DaprShop.Local.Hosting;
using DaprShop.Local.Tracing;
using Grpc.Core;
using Yarp.ReverseProxy.Forwarder;

namespace DaprShop.Local.Invocation;

/// <summary>
/// gRPC proxying: calls of services that are not Dapr's own go to the app that <c>dapr-app-id</c> names, stream by stream.
/// https://docs.dapr.io/developing-applications/building-blocks/service-invocation/howto-invoke-services-grpc/
/// </summary>
internal sealed class GrpcProxy(AppRegistry apps, IHttpForwarder forwarder, Tracers tracers)
{
    private static readonly ForwarderRequestConfig s_forwarding = new()
    {
        ActivityTimeout = TimeSpan.FromDays(1),
        Version = HttpVersion.Version20,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    /// <summary>Whether the request is a gRPC call, of whatever service.</summary>
    public static bool IsCall(HttpRequest request) =>
        request.Protocol == "HTTP/2" && request.ContentType is { } type && type.StartsWith("application/grpc", StringComparison.Ordinal);

    /// <summary>The app that a proxied call is for; null when it names none.</summary>
    public static string? CalleeOf(IHeaderDictionary headers) =>
        headers["dapr-callee-app-id"] is [{ Length: > 0 } id] ? id : headers["dapr-app-id"] is [{ Length: > 0 } app] ? app : null;

    public async Task ForwardAsync(HttpContext context)
    {
        if (CalleeOf(context.Request.Headers) is not { } appId)
        {
            const string Missing = "failed to proxy request: required metadata dapr-callee-app-id or dapr-app-id not found";
            Fail(context.Response, StatusCode.Unknown, Missing);
            return;
        }
        // Who proxies does not ask whether the app is well; but one that is goes first.
        if ((apps.Next(appId) ?? apps.Of(appId).FirstOrDefault(replica => replica.App.IsListening)) is not { } callee)
        {
            Fail(context.Response, StatusCode.Unknown, $"couldn't find service: {appId}");
            return;
        }
        var target = InvocationTarget.FromHeader(appId, context.Request.Path.Value!);
        if (callee.Access.Denial(context.GetSidecar(), target.Method, "") is { } denial)
        {
            Fail(context.Response, StatusCode.PermissionDenied, denial);
            return;
        }
        using var call = callee.App.Begin();
        using var span = Arrive(context, callee);
        var error = await forwarder.SendAsync(
            context, callee.App.BaseAddress, callee.App.Http, s_forwarding,
            new InvocationTransformer(context.GetSidecar(), callee, target, span));
        if (error != ForwarderError.None && !context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
        {
            context.Response.Clear();
            span.Fail($"{error}");
            Fail(context.Response, StatusCode.Unavailable, $"error invoking app channel: {error}");
        }
    }

    /// <summary>The called app's sidecar sees the call come; an app that calls itself has but one.</summary>
    private Activity? Arrive(HttpContext context, Sidecar callee)
    {
        if (tracers.Of(callee) is not { } tracer || callee.AppId == context.GetSidecar().AppId) return null;
        var headers = context.Request.Headers;
        return tracer.Start(context.Request.Path.Value!, ActivityKind.Server, headers.TraceParent, headers.TraceState);
    }

    /// <summary>An answer of gRPC without a message: the status is all there is.</summary>
    private static void Fail(HttpResponse response, StatusCode status, string message)
    {
        response.ContentType = "application/grpc";
        response.Headers["grpc-status"] = $"{(int)status}";
        response.Headers["grpc-message"] = Uri.EscapeDataString(message);
    }
}
