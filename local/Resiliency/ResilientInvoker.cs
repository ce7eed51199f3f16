using Polly;

namespace DaprShop.Local.Resiliency;

/// <summary>
/// Sends a request under a policy. The time limit ends with the answer's headers, so bodies stream. A request is sent again only when
/// its body is absent or small enough to be kept (<see cref="MaxReplayedBody"/>); otherwise the first outcome stands.
/// </summary>
/// <param name="inner">Does the sending.</param>
/// <param name="pipeline">The policy.</param>
/// <param name="retries">False when the policy never sends again, so that no body need be kept.</param>
/// <param name="onRepeat">Hears when the request is about to be sent again.</param>
public sealed class ResilientInvoker(HttpMessageInvoker inner, ResiliencePipeline pipeline, bool retries, Action? onRepeat = null)
    : HttpMessageInvoker(s_unused, false)
{
    public const long MaxReplayedBody = 64 * 1024;

    private static readonly Unused s_unused = new();
    private static readonly ResiliencePropertyKey<bool> s_wasSent = new("DaprShop.WasSent");

    /// <summary>True for a body that is read before it is sent. Its content can then be read again, what it was made from cannot.</summary>
    public bool Keeps(HttpContent body) => retries && body.Headers.ContentLength <= MaxReplayedBody;

    public override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var context = ResilienceContextPool.Shared.Get(cancellationToken);
        try
        {
            if (retries) context.Properties.Set(TargetPolicy.OnlyOnce, !await KeepBodyAsync(request.Content, cancellationToken));
            return await pipeline.ExecuteAsync(
                static async (context, call) =>
                {
                    if (call.OnRepeat is not null && context.Properties.GetValue(s_wasSent, false)) call.OnRepeat();
                    context.Properties.Set(s_wasSent, true);
                    return await call.Inner.SendAsync(call.Request, context.CancellationToken);
                },
                context, (Inner: inner, Request: request, OnRepeat: onRepeat));
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private async Task<bool> KeepBodyAsync(HttpContent? body, CancellationToken cancellation)
    {
        if (body is null) return true;
        if (!Keeps(body)) return false;
        await body.LoadIntoBufferAsync(MaxReplayedBody, cancellation);
        return true;
    }

    private sealed class Unused : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            throw new NotSupportedException();
    }
}
