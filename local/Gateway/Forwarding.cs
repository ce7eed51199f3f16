using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Yarp.ReverseProxy.Forwarder;

namespace DaprShop.Local.Gateway;

/// <summary>Passes a public request on to its service, and turns every failure to reach it into a 503 problem.</summary>
internal sealed partial class Forwarding(IHttpForwarder forwarder, GatewayRules rules, GatewaySettings settings) : IDisposable
{
    private static readonly ForwarderRequestConfig s_normal = new()
    {
        Version = HttpVersion.Version11,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        ActivityTimeout = TimeSpan.FromSeconds(60),
    };

    private static readonly ForwarderRequestConfig s_eventStream = s_normal with { ActivityTimeout = TimeSpan.FromHours(1) };

    private readonly Dictionary<string, HttpMessageInvoker> _services =
        settings.Services.ToDictionary(service => service.Key, service => Replicas(service.Value));

    private readonly PublicHeaders _headers = new(rules);

    public async Task ForwardAsync(HttpContext context)
    {
        var route = PublicRequest.Of(context);
        if (!_services.TryGetValue(route.Service, out var service))
        {
            await GatewayProblem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable);
            return;
        }
        var error = await forwarder.SendAsync(
            context, $"http://{route.Service}/", service, route.IsEventStream ? s_eventStream : s_normal, _headers, context.RequestAborted);
        if (error is ForwarderError.None || context.Response.HasStarted || context.RequestAborted.IsCancellationRequested) return;
        await GatewayProblem.WriteAsync(context, StatusOf(context));
    }

    public void Dispose()
    {
        foreach (var service in _services.Values) service.Dispose();
    }

    /// <summary>The client's own fault (a body too large or too slow) as Kestrel names it; all else is the service being away.</summary>
    private static int StatusOf(HttpContext context)
    {
        for (var error = context.GetForwarderErrorFeature()?.Exception; error is not null; error = error.InnerException)
            if (error is BadHttpRequestException bad) return bad.StatusCode;
        return StatusCodes.Status503ServiceUnavailable;
    }

    /// <summary>Connections to the replicas in turn; one that refuses is passed over before anything of the request is sent.</summary>
    private static HttpMessageInvoker Replicas(IReadOnlyList<Uri> replicas)
    {
        var turn = 0u;
        return new HttpMessageInvoker(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            ConnectTimeout = TimeSpan.FromSeconds(2),
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
            ConnectCallback = ConnectAsync,
        });

        async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
        {
            var first = Interlocked.Increment(ref turn);
            for (var tried = 1u; ; tried++)
            {
                var replica = replicas[(int)((first + tried) % (uint)replicas.Count)];
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                try
                {
                    await socket.ConnectAsync(replica.DnsSafeHost, replica.Port, cancellation);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch (Exception error)
                {
                    socket.Dispose();
                    if (error is not SocketException || tried >= replicas.Count) throw;
                }
            }
        }
    }

    /// <summary>Lets the headers of request-headers.conf through and sets the gateway's own.</summary>
    private sealed class PublicHeaders(GatewayRules rules) : HttpTransformer
    {
        public override async ValueTask TransformRequestAsync(
            HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
        {
            await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
            // HEAD is GET without the body, which Kestrel leaves out itself; so services need not know HEAD.
            if (HttpMethods.IsHead(httpContext.Request.Method)) proxyRequest.Method = HttpMethod.Get;
            var headers = proxyRequest.Headers;
            foreach (var name in headers.Select(header => header.Key).Where(name => !rules.Passes(name)).ToList()) headers.Remove(name);
            if (httpContext.Request.Headers.Upgrade != "websocket") headers.Remove("Upgrade");
            Strengthen(headers, "If-Match");
            Strengthen(headers, "If-None-Match");
            Set(headers, "X-Forwarded-For", httpContext.Connection.RemoteIpAddress?.ToString());
            Set(headers, "X-Forwarded-Host", httpContext.Request.Host.Value);
            Set(headers, "X-Forwarded-Proto", httpContext.Request.Scheme);
            Set(headers, "X-Request-Id", PublicRequest.Of(httpContext).Id);
        }

        /// <summary>nginx's gzip makes strong tags weak; a client that was served by it may send such a one back.</summary>
        private static void Strengthen(HttpRequestHeaders headers, string name)
        {
            if (headers.NonValidated.TryGetValues(name, out var tags) && WeakTag().Match(tags.ToString()) is { Success: true } weak)
                Set(headers, name, weak.Groups["tag"].Value);
        }

        private static void Set(HttpRequestHeaders headers, string name, string? value)
        {
            headers.Remove(name);
            headers.TryAddWithoutValidation(name, value);
        }
    }

    [GeneratedRegex("^W/(?<tag>\"[^\"]*\")$")]
    private static partial Regex WeakTag();
}
