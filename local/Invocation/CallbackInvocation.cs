using System.Diagnostics;
using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Local.Hosting;
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
public sealed class CallbackInvocation(IInvocationResiliency resiliency)
{
    /// <summary>Makes the call and writes the answer.</summary>
    /// <param name="context">The request.</param>
    /// <param name="callee">Who is called.</param>
    /// <param name="target">What of it.</param>
    /// <param name="trace">What the app's trace goes on from; null for the caller's.</param>
    internal async Task InvokeAsync(HttpContext context, Sidecar callee, InvocationTarget target, Activity? trace)
    {
        var caller = context.GetSidecar();
        var headers = Identified(caller, callee);
        foreach (var (name, values) in context.Request.Headers)
            foreach (var value in values) headers.AddFromHttp(name, value);
        AddTrace(headers, trace);
        var query = target.PathAndQuery.IndexOf('?');
        var request = new InvokeRequest
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
        // A failure that the app answered is no failure of the call, so it is not tried again.
        var answer = await UnderPolicyAsync(
            caller, callee,
            static async (call, cancellation) =>
            {
                try
                {
                    return await Answer.OfAsync(call.callee.Callback.InvokeAsync(call.request, call.headers, cancellation));
                }
                catch (RpcException error)
                {
                    return new Answer(null, error.Trailers, error.Status);
                }
            },
            (callee, request, headers), context.RequestAborted);
        await WriteAsync(context.Response, answer);
    }

    /// <summary>Makes the call for another that came over gRPC.</summary>
    /// <exception cref="RpcException">As the app failed.</exception>
    public async Task<Answer> InvokeAsync(
        Sidecar caller, Sidecar callee, InvokeRequest request, Metadata incoming, Activity? trace, CancellationToken cancellation)
    {
        var headers = Identified(caller, callee);
        foreach (var header in incoming.Where(header => !header.IsBinary)) headers.AddFromGrpc(header.Key, header.Value);
        AddTrace(headers, trace);
        return await UnderPolicyAsync(
            caller, callee,
            static (call, cancellation) => Answer.OfAsync(call.callee.Callback.InvokeAsync(call.request, call.headers, cancellation)),
            (callee, request, headers), cancellation);
    }

    /// <param name="Response">Null when the app failed.</param>
    /// <param name="Headers">What came with it.</param>
    /// <param name="Status">Of the call.</param>
    public sealed record Answer(InvokeResponse? Response, Metadata Headers, Status Status)
    {
        internal static async Task<Answer> OfAsync(Task<(InvokeResponse Response, Metadata Headers)> call)
        {
            var (response, headers) = await call;
            return new Answer(response, headers, Status.DefaultSuccess);
        }
    }

    private async Task<Answer> UnderPolicyAsync<TState>(
        Sidecar caller, Sidecar callee, Func<TState, CancellationToken, Task<Answer>> call, TState state, CancellationToken cancellation)
    {
        if (resiliency.PolicyBetween(caller, callee) is not { } policy) return await call(state, cancellation);
        return await policy.ExecuteAsync(
            static async (call, cancellation) => await call.Make(call.State, cancellation), (Make: call, State: state), cancellation);
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
}
