using System.Diagnostics;
using System.Net;
using DaprShop.Local.Hosting;
using DaprShop.Local.Metrics;
using DaprShop.Local.Resiliency;
using DaprShop.Local.Tracing;
using Grpc.Core;
using Polly;
using Polly.Timeout;
using Yarp.ReverseProxy.Forwarder;

namespace DaprShop.Local.Invocation;

/// <summary>
/// gRPC proxying: calls of services that are not Dapr's own go to the app that <c>dapr-app-id</c> names, stream by stream. Policies
/// apply to whole calls; to calls that say by <c>dapr-stream</c> that they are streams, at their beginning alone.
/// https://docs.dapr.io/developing-applications/building-blocks/service-invocation/howto-invoke-services-grpc/
/// </summary>
internal sealed class GrpcProxy(
    AppRegistry apps, IHttpForwarder forwarder, ResiliencyPolicies resiliency, Tracers tracers, AppMetrics metrics)
{
    private static readonly string[] s_true = ["y", "yes", "true", "t", "on", "1"];

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
        headers["dapr-callee-app-id"] is [{ Length: > 0 } id] ? id : Named(headers);

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
        var isStream = IsStream(context.Request.Headers);
        var target = InvocationTarget.FromHeader(appId, context.Request.Path.Value!);
        if (callee.Access.Denial(context.GetSidecar(), target.Method, "") is { } denial)
        {
            Fail(context.Response, StatusCode.PermissionDenied, denial);
            return;
        }
        using var call = callee.App.Begin();
        using var span = Arrive(context, callee);
        if (await SendAsync(context, callee, target, isStream, span) is not { } failure) return;
        context.Response.Clear();
        span.Fail(failure.Detail);
        Fail(context.Response, failure.StatusCode, failure.Detail);
    }

    /// <returns>Why there is no answer; null when it has begun.</returns>
    private async Task<Status?> SendAsync(HttpContext context, Sidecar callee, InvocationTarget target, bool isStream, Activity? span)
    {
        var caller = context.GetSidecar();
        var method = context.Request.Path.Value!;
        var named = Named(context.Request.Headers);
        var sent = named is null ? null : metrics.Of(caller);
        // An app's own sidecar applies nothing.
        var policy = named is null || callee.AppId == caller.AppId ? null : resiliency.For(caller.AppId).App(named);
        HttpMessageInvoker way = callee.App.Http;
        if (policy is not null && !isStream)
        {
            way = new ResilientProxy(way, policy, method, context.Request.Body, named!, sent);
        }
        else
        {
            if (policy is not null && await RefusalOfAsync(policy, method) is { } refusal) return refusal;
            sent?.Sent(named!, isStream);
        }
        var error = await forwarder.SendAsync(
            context, callee.App.BaseAddress, way, s_forwarding, new InvocationTransformer(caller, callee, target, span));
        if (error == ForwarderError.None || context.Response.HasStarted || context.RequestAborted.IsCancellationRequested) return null;
        return context.Features.Get<IForwarderErrorFeature>()?.Exception switch
        {
            ExecutionRejectedException rejection => StatusOf(rejection),
            RpcException failure => failure.Status,
            PermanentFailure { InnerException: RpcException failure } => failure.Status,
            _ => new Status(StatusCode.Unavailable, $"error invoking app channel: {error}"),
        };
    }

    /// <summary>A stream may last; what applies to calls applies to its beginning, and that is done when the app is known.</summary>
    private static async Task<Status?> RefusalOfAsync(AppPolicy policy, string method)
    {
        try
        {
            await policy.For(method).ExecuteAsync(static _ => ValueTask.CompletedTask);
            return null;
        }
        catch (ExecutionRejectedException rejection)
        {
            return StatusOf(rejection);
        }
    }

    /// <summary>What Go's gRPC makes of such errors.</summary>
    private static Status StatusOf(ExecutionRejectedException rejection) => new(
        rejection is TimeoutRejectedException ? StatusCode.DeadlineExceeded : StatusCode.Unknown, Refusal.Of(rejection));

    private static string? Named(IHeaderDictionary headers) => headers["dapr-app-id"] is [{ Length: > 0 } app] ? app : null;

    private static bool IsStream(IHeaderDictionary headers) =>
        headers["dapr-stream"] is [{ } text, ..] && s_true.Contains(text.Trim(), StringComparer.OrdinalIgnoreCase);

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
