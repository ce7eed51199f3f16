using Dapr.Client;
using Microsoft.Extensions.Configuration;

namespace DaprShop.Common;

/// <summary>
/// The way to the other services: through the sidecar, or, to those that <c>Peers:{app id}</c> gives a base URL for, straight. Then nobody
/// retries, balances or guards a call on its way; its time limit, its trace and the token that the peer asks for are still there.
/// </summary>
public sealed class Peers(DaprClient dapr, IConfiguration configuration) : IDisposable
{
    /// <summary>Goes where it is told and nowhere else, for what it sends carries the token.</summary>
    private readonly SocketsHttpHandler _straight = new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        ConnectTimeout = TimeSpan.FromSeconds(2),
    };

    /// <summary>A client for paths without a leading slash.</summary>
    /// <param name="appId">The peer's Dapr app id.</param>
    /// <param name="timeout">For each call, connection included.</param>
    public HttpClient Client(string appId, TimeSpan timeout)
    {
        var client = configuration[$"Peers:{appId}"] is { Length: > 0 } address
            ? Straight(new Uri(address))
            : dapr.CreateInvokableHttpClient(appId);
        client.Timeout = timeout;
        return client;
    }

    public void Dispose() => _straight.Dispose();

    /// <summary>All services are given the same token, so what this one lets in, its peers let in as well.</summary>
    private HttpClient Straight(Uri address)
    {
        var client = new HttpClient(_straight, disposeHandler: false) { BaseAddress = address };
        if (SidecarToken.Of(configuration) is { } token) client.DefaultRequestHeaders.Add(SidecarToken.Header, token);
        return client;
    }
}
