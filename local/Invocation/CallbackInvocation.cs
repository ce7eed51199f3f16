using System.Diagnostics;
using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Local.AppCallbacks;
using DaprShop.Local.Hosting;
using DaprShop.Local.Metrics;
using DaprShop.Local.Resiliency;
using DaprShop.Local.Tracing;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Verb = Dapr.Client.Autogen.Grpc.v1.HTTPExtension.Types.Verb;

namespace DaprShop.Local.Invocation;

/// <summary>
/// Calls of an app that speaks gRPC, made over HTTP or as <c>InvokeService</c>: the app hears <c>OnInvoke</c> (daprd
/// <c>pkg/channel/grpc</c>, <c>pkg/messaging/v1/util.go</c>).
/// </summary>
public sealed class CallbackInvocation(AppRegistry apps, ResiliencyPolicies resiliency, Tracers tracers)
{
    /// <summary>Makes the call and writes the answer.</summary>
    /// <param name="context">The request.</param>
    /// <param name="target">Who is called, and what of it.</param>
    /// <param name="sent">Hears of every try after the first; null when nobody counts.</param>
    /// <returns>False when there was no replica to call.</returns>
    internal async Task<bool> InvokeAsync(HttpContext context, InvocationTarget target, SidecarMetrics? sent)
    {
        var call = new HttpCall(context, target, await MessageAsync(context, target));
        var answer = resiliency.For(context.GetSidecar().AppId).App(target.AppId) is { } policy
            ? await UnderPolicyAsync(call, policy, sent)
            : await AnyAsync(call, context.RequestAborted);
        if (answer is null) return false;
        await WriteAsync(context.Response, answer);
        return true;
    }

    /// <summary>Makes the call of one replica for another that came over gRPC.</summary>
    /// <exception cref="RpcException">As the app failed.</exception>
    public static Task<CallbackAnswer> InvokeAsync(
        Sidecar caller, Sidecar callee, InvokeRequest request, Metadata incoming, Activity? trace, CancellationToken cancellation)
    {
        var headers = Identified(caller, callee);
        headers.AddFromGrpc(incoming);
        AddTrace(headers, trace);
        return callee.Callback.InvokeAsync(request, headers, cancellation);
    }

    private async Task<Answer?> UnderPolicyAsync(HttpCall call, AppPolicy policy, SidecarMetrics? sent)
    {
        var tries = 0;
        return await policy.For(call.Target.Method).ExecuteAsync(
            async cancellation =>
            {
                if (tries++ > 0) sent?.Sent(call.Target.AppId);
                return await AnyAsync(call, cancellation);
            },
            call.Context.RequestAborted);
    }

    /// <summary>Of the first replica that is there; null when there is none.</summary>
    private async Task<Answer?> AnyAsync(HttpCall call, CancellationToken cancellation)
    {
        Answer? answer = null;
        for (var tries = apps.Of(call.Target.AppId).Count; tries > 0 && apps.Next(call.Target.AppId) is { } callee; tries--)
        {
            using var begun = callee.App.Begin();
            // It may have been told to go since.
            if (!callee.App.IsHealthy) continue;
            answer = await OneAsync(call, callee, cancellation);
            // Nothing was sent, so another replica may have it.
            if (!answer.IsRefusal) break;
        }
        return answer;
    }

    /// <summary>A failure that the app answered is no failure of the call, so it is not tried again.</summary>
    private async Task<Answer> OneAsync(HttpCall call, Sidecar callee, CancellationToken cancellation)
    {
        var (caller, request) = (call.Context.GetSidecar(), call.Context.Request);
        // The called app's sidecar sees the call come; an app that calls itself has but one.
        using var span = callee.AppId == caller.AppId ? null : tracers.Of(callee)
            ?.CallLocal(callee.AppId, call.Target.Method, request.Headers.TraceParent, request.Headers.TraceState);
        var headers = Identified(caller, callee);
        foreach (var (name, values) in request.Headers)
            foreach (var value in values) headers.AddFromHttp(name, value);
        AddTrace(headers, span);
        try
        {
            var answer = await callee.Callback.InvokeAsync(call.Message, headers, cancellation);
            return new Answer(answer.Response, answer.Headers, Status.DefaultSuccess, false);
        }
        catch (RpcException error)
        {
            return new Answer(null, error.Trailers, error.Status, error.IsRefused());
        }
    }

    private static async Task<InvokeRequest> MessageAsync(HttpContext context, InvocationTarget target)
    {
        var query = target.PathAndQuery.IndexOf('?');
        return new InvokeRequest
        {
            Method = target.Method,
            ContentType = context.Request.ContentType ?? "",
            Data = new Any { Value = await ByteString.FromStreamAsync(context.Request.Body, context.RequestAborted) },
            HttpExtension = new HTTPExtension
            {
                Verb = System.Enum.TryParse<Verb>(context.Request.Method, ignoreCase: true, out var verb) ? verb : Verb.None,
                Querystring = query < 0 ? "" : target.PathAndQuery[(query + 1)..],
            },
        };
    }

    private static void AddTrace(Metadata headers, Activity? trace)
    {
        if (trace is not null && headers.Get("traceparent") is { } callers) headers.Remove(callers);
        if (trace is not null) headers.Add("traceparent", trace.Id!);
        if (TraceBinary.Of(headers.GetValue("traceparent")) is { } binary) headers.Add(TraceBinary.Header, binary);
    }

    private static Metadata Identified(Sidecar caller, Sidecar callee) => new()
    {
        { "dapr-caller-namespace", "default" },
        { "dapr-caller-app-id", caller.AppId },
        { "dapr-callee-app-id", callee.AppId },
    };

    private static async Task WriteAsync(HttpResponse response, Answer answer)
    {
        foreach (var header in answer.Headers.Where(header => !header.IsBinary && !PassedHeaders.AreDropped(header.Key)))
            response.Headers.Append(header.Key, header.Value);
        response.Headers.Remove("content-length");
        response.StatusCode = HttpStatusOf(answer.Status.StatusCode);
        if (answer.Response is not { } success)
        {
            await response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(
                new { code = (int)answer.Status.StatusCode, message = answer.Status.Detail }));
            return;
        }
        var contentType = success.Data is { TypeUrl.Length: > 0 } ? "application/x-protobuf" : success.ContentType;
        if (contentType.Length > 0) response.ContentType = contentType;
        await response.Body.WriteAsync(success.Data?.Value.Memory ?? default);
    }

    private static int HttpStatusOf(StatusCode code) => code switch
    {
        StatusCode.OK => 200,
        StatusCode.InvalidArgument or StatusCode.FailedPrecondition or StatusCode.OutOfRange => 400,
        StatusCode.Unauthenticated => 401,
        StatusCode.PermissionDenied => 403,
        StatusCode.NotFound => 404,
        StatusCode.Cancelled => 408,
        StatusCode.AlreadyExists or StatusCode.Aborted => 409,
        StatusCode.ResourceExhausted => 429,
        StatusCode.Unimplemented => 501,
        StatusCode.Unavailable => 503,
        StatusCode.DeadlineExceeded => 504,
        _ => 500,
    };

    private sealed record HttpCall(HttpContext Context, InvocationTarget Target, InvokeRequest Message);

    /// <param name="Response">Null when the app failed.</param>
    /// <param name="Headers">What came with it.</param>
    /// <param name="Status">Of the call.</param>
    /// <param name="IsRefusal">Nobody listened.</param>
    private sealed record Answer(InvokeResponse? Response, Metadata Headers, Status Status, bool IsRefusal);
}
