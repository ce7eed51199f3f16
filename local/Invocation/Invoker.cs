using System.Diagnostics;
using System.Net;
using DaprShop.Local.Errors;
using DaprShop.Local.Hosting;
using DaprShop.Local.Metrics;
using DaprShop.Local.Resiliency;
using DaprShop.Local.Tracing;
using Microsoft.AspNetCore.Http.Features;
using Polly;
using Yarp.ReverseProxy.Forwarder;

namespace DaprShop.Local.Invocation;

/// <summary>
/// Service invocation: one forward, straight from the caller's sidecar to a healthy replica of the called app. Any verb, path, header
/// and body; bodies stream both ways. https://docs.dapr.io/reference/api/service_invocation_api/
/// </summary>
internal sealed class Invoker(
    AppRegistry apps, IHttpForwarder forwarder, ResiliencyPolicies resiliency, CallbackInvocation callbacks, AppMetrics metrics,
    Tracers tracers)
{
    private const string AppIdHeader = "dapr-app-id";

    /// <summary>Long silence on a stream is the apps' affair; daprd sets no limit either.</summary>
    private static readonly ForwarderRequestConfig s_forwarding = new()
    {
        ActivityTimeout = TimeSpan.FromDays(1),
        Version = HttpVersion.Version11,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    /// <summary>Who is called; null when the request is something else.</summary>
    public static InvocationTarget? TargetOf(HttpContext context)
    {
        var raw = RawTarget(context);
        return AppIdInHeader(context) is { } appId ? InvocationTarget.FromHeader(appId, raw) : InvocationTarget.FromPath(raw);
    }

    /// <summary>Makes the call when the path is one of invocation, or the header names an app and the path is none of Dapr's.</summary>
    /// <returns>Null when the request is something else.</returns>
    public Task? TryInvokeAsync(HttpContext context)
    {
        var raw = RawTarget(context);
        if (InvocationTarget.FromPath(raw) is { } target)
            return InvokeAsync(context, AppIdInHeader(context) is { } appId ? InvocationTarget.FromHeader(appId, raw) : target);
        return AppIdInHeader(context) is { } id && !raw.StartsWith("/v1.0", StringComparison.Ordinal)
            ? InvokeAsync(context, InvocationTarget.FromHeader(id, raw))
            : null;
    }

    /// <summary>The answer to a path that nothing serves: it may still be a call by header; else it is daprd's 404.</summary>
    public Task InvokeByHeaderAsync(HttpContext context) => AppIdInHeader(context) is { } appId
        ? InvokeAsync(context, InvocationTarget.FromHeader(appId, RawTarget(context)))
        : new DaprError(StatusCodes.Status404NotFound, "ERR_DIRECT_INVOKE", global::Grpc.Core.StatusCode.NotFound,
            "failed getting app id either from the URL path or the header dapr-app-id").WriteAsync(context.Response);

    private async Task InvokeAsync(HttpContext context, InvocationTarget target)
    {
        if (target.PathAndQuery.Contains('%') && Refusal.OfMethod(target.Method) is { } refusal)
        {
            await Failed(target, refusal).WriteAsync(context.Response);
            return;
        }
        if (!apps.Knows(target.AppId))
        {
            await Failed(target, $"couldn't find service: {target.AppId}").WriteAsync(context.Response);
            return;
        }
        var caller = context.GetSidecar();
        var any = apps.Of(target.AppId)[0];
        // What an app asks of itself does not leave its sidecar.
        var sent = any.AppId == caller.AppId ? null : metrics.Of(caller);
        sent?.Sent(any.AppId);
        if (any.Access.Denial(caller, any, target, context.Request.Method) is { } denial)
        {
            await new DaprError(
                StatusCodes.Status403Forbidden, "ERR_DIRECT_INVOKE", global::Grpc.Core.StatusCode.PermissionDenied,
                $"failed to invoke, id: {target.AppId}, err: rpc error: code = PermissionDenied desc = {denial}").WriteAsync(context.Response);
            return;
        }
        if (any.SpeaksGrpc) await InvokeCallbackAsync(context, target, sent);
        else await ForwardAsync(context, target, sent);
    }

    private async Task ForwardAsync(HttpContext context, InvocationTarget target, SidecarMetrics? sent)
    {
        var caller = context.GetSidecar();
        var policy = resiliency.For(caller.AppId).App(target.AppId);
        string? reason = null;
        for (var tries = apps.Of(target.AppId).Count; tries > 0 && apps.Next(target.AppId) is { } callee; tries--)
        {
            using var call = callee.App.Begin();
            // It may have been told to go since.
            if (!callee.App.IsHealthy) continue;
            using var span = Arrive(context, callee, target);
            var invoker = policy is null ? null : new ResilientInvoker(
                callee.App.Http, policy.For(policy.IsPerMethod ? target.Method : ""), policy.Retries, OnRepeat(sent, target.AppId));
            var transformer = new InvocationTransformer(caller, callee, target, span);
            var error = await forwarder.SendAsync(context, callee.App.BaseAddress, invoker ?? callee.App.Http, s_forwarding, transformer);
            if (error == ForwarderError.None || context.Response.HasStarted || context.RequestAborted.IsCancellationRequested) return;
            context.Response.Clear();
            var failure = context.Features.Get<IForwarderErrorFeature>()?.Exception;
            reason = Refusal.Of(failure ?? new IOException($"{error}"));
            span.Fail(reason);
            // Nothing was sent, so another replica may have it.
            if (failure is not HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError }) break;
            // A policy that may try again has read a small body to keep it.
            if (transformer.Body is { } body && invoker?.Keeps(body) == true) context.Request.Body = await body.ReadAsStreamAsync();
        }
        await Failed(target, reason ?? Refusal.Of(apps, caller, target.AppId)).WriteAsync(context.Response);
    }

    private static Action? OnRepeat(SidecarMetrics? sent, string appId) => sent is null ? null : () => sent.Sent(appId);

    /// <summary>The called app's sidecar sees the call come; an app that calls itself has but one.</summary>
    private Activity? Arrive(HttpContext context, Sidecar callee, InvocationTarget target)
    {
        if (tracers.Of(callee) is not { } tracer || callee.AppId == context.GetSidecar().AppId) return null;
        var headers = context.Request.Headers;
        return tracer.CallLocal(callee.AppId, target.Method, headers.TraceParent, headers.TraceState);
    }

    private async Task InvokeCallbackAsync(HttpContext context, InvocationTarget target, SidecarMetrics? sent)
    {
        try
        {
            if (!await callbacks.InvokeAsync(context, target, sent))
                await Failed(target, Refusal.Of(apps, context.GetSidecar(), target.AppId)).WriteAsync(context.Response);
        }
        catch (BadHttpRequestException error)
        {
            await new DaprError(
                error.StatusCode, "ERR_DIRECT_INVOKE", global::Grpc.Core.StatusCode.InvalidArgument, error.Message).WriteAsync(context.Response);
        }
        catch (ExecutionRejectedException error)
        {
            await Failed(target, Refusal.Of(error)).WriteAsync(context.Response);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller has gone.
        }
    }

    private static string RawTarget(HttpContext context) => context.Features.Get<IHttpRequestFeature>()!.RawTarget;

    private static string? AppIdInHeader(HttpContext context) =>
        context.Request.Headers.TryGetValue(AppIdHeader, out var values) && values is [{ Length: > 0 } appId] ? appId : null;

    private static DaprError Failed(InvocationTarget target, string reason) => new(
        StatusCodes.Status500InternalServerError, "ERR_DIRECT_INVOKE", global::Grpc.Core.StatusCode.Internal,
        $"failed to invoke, id: {target.AppId}, err: {reason}");
}
