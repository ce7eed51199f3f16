using Microsoft.Extensions.Configuration;

namespace DaprShop.Common;

/// <summary>
/// The sidecar's HTTP API for whoever calls it with an <see cref="HttpClient"/>. Its address and token are Dapr's:
/// <c>DAPR_HTTP_ENDPOINT</c>, else <c>DAPR_HTTP_PORT</c>, and <c>DAPR_API_TOKEN</c>.
/// </summary>
public sealed class SidecarHttp(IConfiguration configuration) : IDisposable
{
    /// <summary>Goes where it is told and nowhere else, for what it sends carries a token, which a redirect would take along.</summary>
    private readonly SocketsHttpHandler _handler = new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        ConnectTimeout = TimeSpan.FromSeconds(2),
    };

    private readonly Uri _api = new(configuration["DAPR_HTTP_ENDPOINT"] is { Length: > 0 } endpoint
        ? $"{endpoint.TrimEnd('/')}/v1.0/"
        : $"http://127.0.0.1:{configuration["DAPR_HTTP_PORT"] ?? "3500"}/v1.0/");

    /// <summary>A client for paths, without a leading slash, below one of the API's.</summary>
    /// <param name="path">Below <c>/v1.0/</c>, with a slash in the end.</param>
    /// <param name="timeout">For each call, connection included.</param>
    public HttpClient Client(string path, TimeSpan timeout) => To(new Uri(_api, path), timeout, configuration["DAPR_API_TOKEN"]);

    /// <summary>A client that goes past the sidecar.</summary>
    /// <param name="address">The base of its paths.</param>
    /// <param name="timeout">For each call, connection included.</param>
    /// <param name="token">Goes with each call, unless it is null or empty.</param>
    internal HttpClient To(Uri address, TimeSpan timeout, string? token)
    {
        var client = new HttpClient(_handler, disposeHandler: false) { BaseAddress = address, Timeout = timeout };
        if (token is { Length: > 0 }) client.DefaultRequestHeaders.Add(SidecarToken.Header, token);
        return client;
    }

    public void Dispose() => _handler.Dispose();
}
