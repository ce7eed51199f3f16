using Microsoft.Extensions.Configuration;

namespace DaprShop.Common;

/// <summary>
/// The way to the other services: through the sidecar, or, to those that <c>Peers:{app id}</c> gives a base URL for, straight. Then nobody
/// retries, balances or guards a call on its way; its time limit, its trace and the token that the peer asks for are still there.
/// </summary>
public sealed class Peers(SidecarHttp sidecar, IConfiguration configuration)
{
    /// <summary>A client for paths without a leading slash. https://docs.dapr.io/reference/api/service_invocation_api/</summary>
    /// <param name="appId">The peer's Dapr app id.</param>
    /// <param name="timeout">For each call, connection included.</param>
    public HttpClient Client(string appId, TimeSpan timeout) => configuration[$"Peers:{appId}"] is { Length: > 0 } address
        // All services are given the same token, so what this one lets in, its peers let in as well.
        ? sidecar.To(new Uri(address), timeout, SidecarToken.Of(configuration))
        : sidecar.Client($"invoke/{appId}/method/", timeout);
}
