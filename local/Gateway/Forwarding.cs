using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
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

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    /// <summary>Event streams, which do not end, go their own ways, so that nobody need wait for them.</summary>
    private readonly ConcurrentDictionary<(string Service, bool IsEventStream), Replicas> _services = new(settings.Services.SelectMany(
        service => new[] { false, true }.Select(stream => KeyValuePair.Create((service.Key, stream), new Replicas(service.Value)))));

    private readonly PublicHeaders _headers = new(rules);

    public async Task ForwardAsync(HttpContext context)
    {
        var route = PublicRequest.Of(context);
        if (ReplicasOf(route.Service, route.IsEventStream) is not { } service)
        {
            await GatewayProblem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable);
            return;
        }
        using (service)
        {
            var turn = service.NextTurn();
            for (var tried = 0u; tried < service.Count; tried++)
            {
                var (address, http) = service[turn + tried];
                var error = await forwarder.SendAsync(
                    context, address, http, route.IsEventStream ? s_eventStream : s_normal, _headers, context.RequestAborted);
                if (error is ForwarderError.None || context.Response.HasStarted || context.RequestAborted.IsCancellationRequested) return;
                if (WasSent(context)) break;
                context.Response.StatusCode = StatusCodes.Status200OK;
            }
        }
        await GatewayProblem.WriteAsync(context, StatusOf(context));
    }

    /// <summary>Requests from now on go to these; ends when those to others have been answered, or take too long.</summary>
    public async Task FollowAsync(IReadOnlyDictionary<string, IReadOnlyList<Uri>> services)
    {
        var answering = new List<Task>();
        foreach (var (key, before) in _services)
        {
            var addresses = services[key.Service];
            if (before.Addresses.SequenceEqual(addresses)) continue;
            _services[key] = new Replicas(addresses);
            before.Dispose();
            if (!key.IsEventStream) answering.Add(before.Idle);
        }
        await Task.WhenAny(Task.WhenAll(answering), Task.Delay(s_patience));
    }

    /// <summary>The caller disposes it when the request has been answered.</summary>
    private Replicas? ReplicasOf(string service, bool isEventStream)
    {
        while (_services.TryGetValue((service, isEventStream), out var replicas))
            if (replicas.TryUse()) return replicas;
        return null;
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

    /// <summary>A replica that refuses the connection is passed over; nothing of the request has left then.</summary>
    private static bool WasSent(HttpContext context) =>
        context.GetForwarderErrorFeature()?.Exception is not HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError };

    /// <summary>The replicas of a service. Whoever made it is its first user; it is gone when the last user has disposed it.</summary>
    private sealed class Replicas(IReadOnlyList<Uri> addresses) : IDisposable
    {
        private readonly (string Address, HttpMessageInvoker Http)[] _all =
            [.. addresses.Select(address => (address.GetLeftPart(UriPartial.Authority), Connections()))];

        private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private uint _turn;
        private int _users = 1;

        public IReadOnlyList<Uri> Addresses { get; } = addresses;

        public int Count => _all.Length;

        public (string Address, HttpMessageInvoker Http) this[uint turn] => _all[turn % (uint)_all.Length];

        /// <summary>Ends with the last user.</summary>
        public Task Idle => _idle.Task;

        public uint NextTurn() => Interlocked.Increment(ref _turn);

        /// <summary>False when it is gone.</summary>
        public bool TryUse()
        {
            int users;
            do
            {
                users = Volatile.Read(ref _users);
                if (users == 0) return false;
            }
            while (Interlocked.CompareExchange(ref _users, users + 1, users) != users);
            return true;
        }

        public void Dispose()
        {
            if (Interlocked.Decrement(ref _users) > 0) return;
            foreach (var (_, http) in _all) http.Dispose();
            _idle.SetResult();
        }

        private static HttpMessageInvoker Connections() => new(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            RequestHeaderEncodingSelector = (_, _) => Encoding.Latin1,
            ConnectTimeout = TimeSpan.FromSeconds(2),
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
        });
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

        /// <summary>To HEAD the headers are the answer: what comes behind them, as events without end do, is not waited for.</summary>
        public override async ValueTask<bool> TransformResponseAsync(
            HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken) =>
            await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken) && !HttpMethods.IsHead(httpContext.Request.Method);

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
