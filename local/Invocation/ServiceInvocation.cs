using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Local.Errors;
using DaprShop.Local.Hosting;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace DaprShop.Local.Invocation;

/// <summary>
/// <c>InvokeService</c> of the gRPC API: a call to an app that speaks HTTP, in a message instead of a request. (Dapr advises against it;
/// some SDKs still have it.)
/// </summary>
public sealed class ServiceInvocation(AppRegistry apps, IInvocationResiliency resiliency)
{
    /// <exception cref="DaprError">No such app, or it answered with an error.</exception>
    public async Task<InvokeResponse> InvokeAsync(
        Sidecar caller, InvokeServiceRequest request, Metadata headers, CancellationToken cancellation)
    {
        var message = request.Message ?? new InvokeRequest();
        if (!apps.Knows(request.Id)) throw Failed(request.Id, $"couldn't find service: {request.Id}");
        var verb = message.HttpExtension?.Verb ?? HTTPExtension.Types.Verb.Post;
        if (apps.Next(request.Id) is not { } callee) throw Failed(request.Id, "connection refused");
        var query = message.HttpExtension?.Querystring is { Length: > 0 } text ? "?" + text : "";
        var target = $"/{message.Method.TrimStart('/')}";
        callee.Access.Check(caller, callee, target, verb.ToString().ToUpperInvariant());

        using var call = new HttpRequestMessage(
            new HttpMethod(verb.ToString().ToUpperInvariant()), new Uri(callee.App.BaseAddress + target + query));
        if (message.Data is { Value.IsEmpty: false } data)
        {
            call.Content = new ReadOnlyMemoryContent(data.Value.Memory);
            var contentType = message.ContentType is { Length: > 0 } type ? type : "application/json";
            call.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }
        foreach (var header in headers.Where(header => !header.IsBinary && header.Key.StartsWith("trace", StringComparison.Ordinal)))
            call.Headers.TryAddWithoutValidation(header.Key, header.Value);
        call.Headers.TryAddWithoutValidation("dapr-caller-app-id", caller.AppId);
        call.Headers.TryAddWithoutValidation("dapr-callee-app-id", callee.AppId);
        if (callee.App.Token is { } token) call.Headers.TryAddWithoutValidation("dapr-api-token", token);
        try
        {
            using var response = await resiliency.Between(caller, callee).SendAsync(call, cancellation);
            var body = await response.Content.ReadAsByteArrayAsync(cancellation);
            if (!response.IsSuccessStatusCode)
                throw new DaprError((int)response.StatusCode, "ERR_DIRECT_INVOKE", CodeOf(response), $"{(int)response.StatusCode}");
            return new InvokeResponse
            {
                Data = new Any { Value = UnsafeByteOperations.UnsafeWrap(body) },
                ContentType = response.Content.Headers.ContentType?.ToString() ?? "",
            };
        }
        catch (HttpRequestException error)
        {
            throw Failed(request.Id, error.Message);
        }
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
