using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Text;
using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Local.AppCallbacks;
using DaprShop.Local.Errors;
using DaprShop.Local.Hosting;
using DaprShop.Local.Metrics;
using DaprShop.Local.Resiliency;
using DaprShop.Local.Tracing;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.AspNetCore.WebUtilities;
using Polly;
using Polly.Timeout;

namespace DaprShop.Local.Invocation;

/// <summary>
/// <c>InvokeService</c> of the gRPC API: a call in a message instead of a request. (Dapr advises against it; some SDKs still have it.)
/// </summary>
public sealed class ServiceInvocation(AppRegistry apps, ResiliencyPolicies resiliency, Tracers tracers, AppMetrics metrics)
{
    private const int MaxReason = 63;

    /// <exception cref="DaprError">No such app, or it answered with an error.</exception>
    /// <exception cref="RpcException">As an app that speaks gRPC failed, or a policy did not let the call go on.</exception>
    public async Task<InvokeResponse> InvokeAsync(Sidecar caller, InvokeServiceRequest request, ServerCallContext context)
    {
        var message = request.Message ?? new InvokeRequest();
        var method = message.Method;
        if (Refusal.OfMethod(method) is { } refusal) throw Failed(request.Id, refusal);
        if (!apps.Knows(request.Id)) throw Failed(request.Id, $"couldn't find service: {request.Id}");
        var any = apps.Of(request.Id)[0];
        // What an app asks of itself does not leave its sidecar.
        var sent = any.AppId == caller.AppId ? null : metrics.Of(caller);
        sent?.Sent(any.AppId);
        var target = InvocationTarget.FromMethod(any.AppId, method, message.HttpExtension?.Querystring ?? "", isName: any.SpeaksGrpc);
        if (any.Access.Denial(caller, any, target, VerbOf(message)) is { } denial)
            throw Failed(any.AppId, "rpc error: code = PermissionDenied desc = " + denial);
        if (!any.SpeaksGrpc && Refusal.OfVerb(caller, any, message.HttpExtension) is { } fault) throw Failed(any.AppId, fault);
        if (any.SpeaksGrpc) message.Method = target.Method;
        var call = new Call(caller, target, message, context);
        try
        {
            var answer = resiliency.For(caller.AppId).App(any.AppId) is { } policy
                ? await UnderPolicyAsync(call, policy.For(method), sent)
                : await AnyAsync(call, context.CancellationToken);
            foreach (var trailer in answer.Trailers) context.ResponseTrailers.Add(trailer);
            await context.WriteResponseHeadersAsync(answer.Headers);
            return answer.Message;
        }
        catch (Unsuccessful failure)
        {
            if (failure.Headers.Count > 0) await context.WriteResponseHeadersAsync(failure.Headers);
            ExceptionDispatchInfo.Throw(failure.InnerException!);
            throw;
        }
        catch (ExecutionRejectedException rejection)
        {
            // What Go's gRPC makes of such errors.
            var code = rejection is TimeoutRejectedException ? StatusCode.DeadlineExceeded : StatusCode.Unknown;
            throw new RpcException(new Status(code, Refusal.Of(rejection)));
        }
    }

    private async Task<Answer> UnderPolicyAsync(Call call, ResiliencePipeline policy, SidecarMetrics? sent)
    {
        var tries = 0;
        return await policy.ExecuteAsync(
            async cancellation =>
            {
                if (tries++ > 0) sent?.Sent(call.Target.AppId);
                return await AnyAsync(call, cancellation);
            },
            call.Context.CancellationToken);
    }

    /// <summary>Of the first replica that is there.</summary>
    private async Task<Answer> AnyAsync(Call call, CancellationToken cancellation)
    {
        Exception? failure = null;
        var appId = call.Target.AppId;
        for (var tries = apps.Of(appId).Count; tries > 0 && apps.Next(appId) is { } callee; tries--)
        {
            using var begun = callee.App.Begin();
            // It may have been told to go since.
            if (!callee.App.IsHealthy) continue;
            using var span = callee.AppId == call.Caller.AppId ? null : tracers.Of(callee)
                ?.CallLocal(callee.AppId, call.Message.Method, call.Metadata.GetValue("traceparent"), call.Metadata.GetValue("tracestate"));
            try
            {
                return await (callee.SpeaksGrpc ? TellAsync(call, callee, span, cancellation) : AskAsync(call, callee, span, cancellation));
            }
            catch (Exception error) when (error is HttpRequestException or RpcException)
            {
                span.Fail(error.Message);
                failure = error is RpcException ? new Unsuccessful(error, []) : Failed(appId, Refusal.Of(error));
                // Nothing was sent, so another replica may have it.
                if (error is not HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } && !IsRefused(error)) break;
            }
        }
        throw failure ?? Failed(appId, Refusal.Of(apps, call.Caller, appId));
    }

    private static bool IsRefused(Exception error) => error is RpcException failure && failure.IsRefused();

    private static async Task<Answer> TellAsync(Call call, Sidecar callee, Activity? span, CancellationToken cancellation)
    {
        var answer = await CallbackInvocation.InvokeAsync(call.Caller, callee, call.Message, call.Metadata, span, cancellation);
        return new Answer(answer.Response, Passed(answer.Headers), Passed(answer.Trailers));
    }

    private static async Task<Answer> AskAsync(Call call, Sidecar callee, Activity? span, CancellationToken cancellation)
    {
        using var request = RequestOf(call, callee, span);
        using var response = await callee.App.Http.SendAsync(request, cancellation);
        var body = await response.Content.ReadAsByteArrayAsync(cancellation);
        var headers = new Metadata();
        headers.AddAnswer(response.Headers);
        headers.AddAnswer(response.Content.Headers);
        headers.Add("dapr-http-status", $"{(int)response.StatusCode}");
        if (!response.IsSuccessStatusCode) throw new Unsuccessful(Failure(response, Encoding.UTF8.GetString(body)), headers);
        var message = new InvokeResponse { ContentType = response.Content.Headers.ContentType?.ToString() ?? "" };
        if (body.Length > 0) message.Data = new Any { Value = UnsafeByteOperations.UnsafeWrap(body) };
        return new Answer(message, headers, []);
    }

    private static HttpRequestMessage RequestOf(Call call, Sidecar callee, Activity? span)
    {
        var message = call.Message;
        var request = new HttpRequestMessage(new HttpMethod(VerbOf(message)), new Uri(callee.App.BaseAddress + call.Target.PathAndQuery));
        var type = message.Data is { TypeUrl.Length: > 0 } ? "application/x-protobuf" : message.ContentType;
        if (type.Length > 0 || message.Data is { Value.IsEmpty: false })
        {
            request.Content = new ReadOnlyMemoryContent(message.Data?.Value.Memory ?? default);
            if (type.Length > 0) request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        }
        request.AddFromGrpc(call.Metadata);
        request.Headers.TryAddWithoutValidation("dapr-authority", call.Context.Host);
        if (call.Metadata.GetValue("traceparent") is { } parent) request.Headers.TryAddWithoutValidation("traceparent", span?.Id ?? parent);
        if (call.Metadata.GetValue("tracestate") is { } state) request.Headers.TryAddWithoutValidation("tracestate", state);
        InvocationTransformer.AddCall(request.Headers, call.Caller, callee);
        return request;
    }

    private static string VerbOf(InvokeRequest message) => (message.HttpExtension?.Verb ?? default).ToString().ToUpperInvariant();

    /// <summary>The beginning of what the app said goes along.</summary>
    private static DaprError Failure(HttpResponseMessage response, string body)
    {
        var status = (int)response.StatusCode;
        var reason = ReasonPhrases.GetReasonPhrase(status);
        return new DaprError(status, "ERR_DIRECT_INVOKE", CodeOf(response), reason)
        {
            Details = new ErrorDetails(reason, new Dictionary<string, string>
            {
                ["http.code"] = $"{status}",
                ["http.error_message"] = body.Length < MaxReason ? body : body[..MaxReason],
            }),
        };
    }

    private static Metadata Passed(Metadata headers)
    {
        var passed = new Metadata();
        passed.AddFromGrpc(headers);
        return passed;
    }

    private static DaprError Failed(string appId, string reason) =>
        new(500, "ERR_DIRECT_INVOKE", StatusCode.Internal, $"failed to invoke, id: {appId}, err: {reason}");

    /// <summary>daprd's table (<c>pkg/messaging/v1/util.go</c>).</summary>
    private static StatusCode CodeOf(HttpResponseMessage response) => (int)response.StatusCode switch
    {
        408 => StatusCode.Cancelled,
        400 => StatusCode.Internal,
        504 => StatusCode.DeadlineExceeded,
        404 => StatusCode.NotFound,
        409 => StatusCode.AlreadyExists,
        403 => StatusCode.PermissionDenied,
        401 => StatusCode.Unauthenticated,
        429 => StatusCode.ResourceExhausted,
        501 => StatusCode.Unimplemented,
        503 => StatusCode.Unavailable,
        _ => StatusCode.Unknown,
    };

    private sealed record Call(Sidecar Caller, InvocationTarget Target, InvokeRequest Message, ServerCallContext Context)
    {
        public Metadata Metadata => Context.RequestHeaders;
    }

    private sealed record Answer(InvokeResponse Message, Metadata Headers, Metadata Trailers);

    /// <summary>The app failed. Whatever statuses a policy matches, it is a failure to it, as in daprd.</summary>
    private sealed class Unsuccessful(Exception cause, Metadata headers) : Exception(cause.Message, cause)
    {
        public Metadata Headers { get; } = headers;
    }
}
