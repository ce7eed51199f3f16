using System.Diagnostics;
using DaprShop.Local.Metrics;
using DaprShop.Local.Resiliency;
using Grpc.Core;

namespace DaprShop.Local.Invocation;

/// <summary>
/// Sends a proxied gRPC call under a policy. A try that fails before its first message may be made again; with a message the answer has
/// begun, and of the policy the time limit still holds.
/// </summary>
/// <param name="inner">Does the sending.</param>
/// <param name="policy">For calls of the app.</param>
/// <param name="method">What is called: <c>/package.Service/Method</c>.</param>
/// <param name="body">Of the request.</param>
/// <param name="appId">Whom it calls.</param>
/// <param name="sent">Hears of every try; null when nobody counts.</param>
internal sealed class ResilientProxy(
    HttpMessageInvoker inner, AppPolicy policy, string method, Stream body, string appId, SidecarMetrics? sent)
    : HttpMessageInvoker(s_unused, false)
{
    private static readonly SocketsHttpHandler s_unused = new();

    public override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var kept = policy.Retries && request.Content is { } original ? new KeptMessage(original, body) : null;
        if (kept is not null) request.Content = kept;
        HttpResponseMessage? failed = null;
        try
        {
            return await policy.For(method).ExecuteAsync(
                async cancellation =>
                {
                    failed?.Dispose();
                    failed = null;
                    sent?.Sent(appId);
                    var began = Stopwatch.GetTimestamp();
                    var (response, answer) = await TryAsync(request, kept, cancellation);
                    if (answer.Status != StatusCode.OK)
                    {
                        failed = response;
                        throw new RpcException(new Status(answer.Status, ""));
                    }
                    if (policy.Timeout is { } limit) answer.Limit(limit - Stopwatch.GetElapsedTime(began));
                    return response;
                },
                cancellationToken);
        }
        catch (RpcException) when (failed is not null)
        {
            return failed;
        }
    }

    /// <exception cref="RpcException">The app is away.</exception>
    /// <exception cref="PermanentFailure">What was to be sent cannot be.</exception>
    private async Task<(HttpResponseMessage Response, ProxiedAnswer Answer)> TryAsync(
        HttpRequestMessage request, KeptMessage? kept, CancellationToken cancellation)
    {
        HttpResponseMessage? response = null;
        try
        {
            response = await inner.SendAsync(request, cancellation);
            return (response, await ProxiedAnswer.OfAsync(response, kept, cancellation));
        }
        catch (Exception error)
        {
            response?.Dispose();
            if (kept?.Refusal is { } refusal) throw new PermanentFailure(refusal);
            if (error is HttpRequestException or IOException)
                throw new RpcException(new Status(StatusCode.Unavailable, $"error invoking app channel: {error.Message}"));
            throw;
        }
    }
}
