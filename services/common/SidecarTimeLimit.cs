namespace DaprShop.Common;

/// <summary>Every call to the sidecar ends in time: state, transactions and publishing, which the SDK sends without a deadline.</summary>
internal sealed class SidecarTimeLimit() : DelegatingHandler(new SocketsHttpHandler
{
    EnableMultipleHttp2Connections = true,
    ConnectTimeout = TimeSpan.FromSeconds(2),
})
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(10);

    /// <exception cref="HttpRequestException">No answer in time; gRPC callers see <c>Unavailable</c>.</exception>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_limit);
        try
        {
            return await base.SendAsync(request, limit.Token);
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            throw new HttpRequestException("The sidecar did not answer in time.", error);
        }
    }
}
