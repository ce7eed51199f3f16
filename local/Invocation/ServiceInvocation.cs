using System.Text;
using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Local.Errors;
using DaprShop.Local.Hosting;
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
public sealed class ServiceInvocation(AppRegistry apps, IInvocationResiliency resiliency, CallbackInvocation callbacks, Tracers tracers)
{
    private const int MaxReason = 63;

    /// <exception cref="DaprError">No such app, or it answered with an error.</exception>
    /// <exception cref="RpcException">As an app that speaks gRPC failed, or a policy did not let the call go on.</exception>
    public async Task<InvokeResponse> InvokeAsync(
        Sidecar caller, InvokeServiceRequest request, ServerCallContext context)
    {
        if (Refusal.OfMethod(request.Message?.Method ?? "") is { } refusal) throw Failed(request.Id, refusal);
        if (!apps.Knows(request.Id)) throw Failed(request.Id, $"couldn't find service: {request.Id}");
        string? reason = null;
        for (var tries = apps.Of(request.Id).Count; tries > 0 && apps.Next(request.Id) is { } callee; tries--)
        {
            using var begun = callee.App.Begin();
            // It may have been told to go since.
            if (!callee.App.IsHealthy) continue;
            try
            {
                return await CallAsync(caller, callee, request, context);
            }
            catch (HttpRequestException error)
            {
                reason = error.Message;
                // Nothing was sent, so another replica may have it.
                if (error.HttpRequestError != HttpRequestError.ConnectionError) break;
            }
            catch (ExecutionRejectedException rejection)
            {
                // What Go's gRPC makes of such errors.
                var code = rejection is TimeoutRejectedException ? StatusCode.DeadlineExceeded : StatusCode.Unknown;
                throw new RpcException(new Status(code, new CallRefused(rejection).Message));
            }
        }
        throw Failed(request.Id, reason ?? Refusal.Of(apps, caller, request.Id));
    }

    private async Task<InvokeResponse> CallAsync(Sidecar caller, Sidecar callee, InvokeServiceRequest request, ServerCallContext context)
    {
        var (headers, cancellation) = (context.RequestHeaders, context.CancellationToken);
        var message = request.Message ?? new InvokeRequest();
        var verb = message.HttpExtension?.Verb ?? HTTPExtension.Types.Verb.Post;
        var target = InvocationTarget.FromMethod(
            callee.AppId, message.Method, message.HttpExtension?.Querystring ?? "", isName: callee.SpeaksGrpc);
        if (callee.Access.Denial(caller, callee, target, verb.ToString().ToUpperInvariant()) is { } denial)
        {
            throw new DaprError(
                StatusCodes.Status403Forbidden, "ERR_DIRECT_INVOKE", StatusCode.PermissionDenied,
                $"failed to invoke, id: {callee.AppId}, err: rpc error: code = PermissionDenied desc = {denial}");
        }
        using var span = callee.AppId == caller.AppId ? null : tracers.Of(callee)
            ?.CallLocal(callee.AppId, message.Method, headers.GetValue("traceparent"), headers.GetValue("tracestate"));
        if (callee.SpeaksGrpc)
        {
            message.Method = target.Method;
            var answer = await callbacks.InvokeAsync(caller, callee, message, headers, span, cancellation);
            await context.WriteResponseHeadersAsync(Passed(answer.Headers));
            return answer.Response!;
        }
        using var call = new HttpRequestMessage(
            new HttpMethod(verb.ToString().ToUpperInvariant()), new Uri(callee.App.BaseAddress + target.PathAndQuery));
        if (message.Data is { Value.IsEmpty: false } data)
        {
            call.Content = new ReadOnlyMemoryContent(data.Value.Memory);
            var contentType = message.ContentType is { Length: > 0 } type ? type : "application/json";
            call.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }
        foreach (var header in headers.Where(header => !header.IsBinary && header.Key.StartsWith("trace", StringComparison.Ordinal)))
            call.Headers.TryAddWithoutValidation(header.Key, header.Key == "traceparent" ? span?.Id ?? header.Value : header.Value);
        call.Headers.TryAddWithoutValidation("dapr-caller-app-id", caller.AppId);
        call.Headers.TryAddWithoutValidation("dapr-callee-app-id", callee.AppId);
        if (callee.App.Token is { } token) call.Headers.TryAddWithoutValidation("dapr-api-token", token);
        try
        {
            using var response = await resiliency.Between(caller, callee).SendAsync(call, cancellation);
            var body = await response.Content.ReadAsByteArrayAsync(cancellation);
            await context.WriteResponseHeadersAsync(HeadersOf(response));
            if (!response.IsSuccessStatusCode) throw Failure(response, Encoding.UTF8.GetString(body));
            return new InvokeResponse
            {
                Data = new Any { Value = UnsafeByteOperations.UnsafeWrap(body) },
                ContentType = response.Content.Headers.ContentType?.ToString() ?? "",
            };
        }
        catch (Exception error) when (error is HttpRequestException or ExecutionRejectedException)
        {
            span.Fail(error.Message);
            throw;
        }
    }

    private static Metadata HeadersOf(HttpResponseMessage response)
    {
        var headers = new Metadata { { "dapr-http-status", $"{(int)response.StatusCode}" } };
        foreach (var (name, values) in response.Headers.Concat(response.Content.Headers))
            foreach (var value in values) headers.AddFromHttp(name, value);
        return headers;
    }

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
        foreach (var header in headers.Where(header => !header.IsBinary && header.Key is not ("content-type" or "date" or "server")))
            passed.Add(header);
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
}
