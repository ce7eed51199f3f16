using System.Text;
using Grpc.Core;
using Grpc.Net.Client;

namespace DaprShop.Local.Hosting;

/// <summary>The way from a sidecar to its own app: where the app listens, and the token that proves that the sidecar calls.</summary>
public sealed class AppChannel : IDisposable
{
    private static readonly TimeSpan s_lookAgain = TimeSpan.FromMilliseconds(5);

    private readonly Lazy<GrpcChannel> _grpc;
    private volatile bool _isListening;
    private volatile bool _isWell;
    private int _calls;

    /// <param name="appId">The app.</param>
    /// <param name="address">E.g. <c>http://127.0.0.1:5001/</c>; null for a sidecar without an app.</param>
    /// <param name="token">Sent as <c>dapr-api-token</c>; null when none is set.</param>
    /// <param name="on">What every request meets on its way; null for nothing.</param>
    public AppChannel(string appId, Uri? address, string? token, DelegatingHandler? on = null)
    {
        (AppId, Address, Token) = (appId, address, token);
        BaseAddress = address?.GetLeftPart(UriPartial.Authority) ?? "";
        Http = new HttpMessageInvoker(Behind(on, new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            AutomaticDecompression = System.Net.DecompressionMethods.None,
            ConnectCallback = AppConnection.OpenAsync,
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),
            EnableMultipleHttp2Connections = true,
            ActivityHeadersPropagator = null,
            RequestHeaderEncodingSelector = static (_, _) => Encoding.UTF8,
            ResponseHeaderEncodingSelector = static (_, _) => Encoding.UTF8,
        }));
        _grpc = new Lazy<GrpcChannel>(() => GrpcChannel.ForAddress(
            BaseAddress, new GrpcChannelOptions { HttpHandler = new Over(Http), MaxReceiveMessageSize = null }));
    }

    public string AppId { get; }

    public Uri? Address { get; }

    public string? Token { get; }

    /// <summary>The address without its last slash, to put a path behind it.</summary>
    public string BaseAddress { get; }

    /// <summary>Where a path of the app is, whatever it looks like: <c>v1:orders</c> is one too.</summary>
    public Uri AddressOf(string path) => new($"{BaseAddress}/{path.TrimStart('/')}");

    /// <summary>The pooled connections to the app; shared by invocation, deliveries and actor calls.</summary>
    public HttpMessageInvoker Http { get; }

    /// <summary>gRPC calls, on the same connections.</summary>
    public CallInvoker Grpc => _grpc.Value.CreateCallInvoker();

    /// <summary>True while calls and messages may go to the app.</summary>
    public bool IsHealthy => _isListening && _isWell;

    /// <summary>True while the app's port answers and the app is not to end. Set by <see cref="AppPresence"/>.</summary>
    public bool IsListening
    {
        get => _isListening;
        set => _isListening = value;
    }

    /// <summary>False while the app says that it is unwell, and before it has said anything. Set by <see cref="AppPresence"/>.</summary>
    public bool IsWell
    {
        get => _isWell;
        set => _isWell = value;
    }

    /// <summary>A call begins, and ends when the result is disposed; whether it may go on, <see cref="IsHealthy"/> says afterwards.</summary>
    public Call Begin()
    {
        Interlocked.Increment(ref _calls);
        return new Call(this);
    }

    /// <summary>Ends when no call is under way, or after the limit. New ones must have been ruled out: see <see cref="IsHealthy"/>.</summary>
    public async Task IdleAsync(TimeSpan limit)
    {
        var began = TimeProvider.System.GetTimestamp();
        Interlocked.MemoryBarrier();
        // Looked for, since every call would have to pay for an event.
        while (Volatile.Read(ref _calls) > 0 && TimeProvider.System.GetElapsedTime(began) < limit) await Task.Delay(s_lookAgain);
    }

    public void Dispose()
    {
        if (_grpc.IsValueCreated) _grpc.Value.Dispose();
        Http.Dispose();
    }

    private static HttpMessageHandler Behind(DelegatingHandler? first, HttpMessageHandler connections)
    {
        if (first is null) return connections;
        first.InnerHandler = connections;
        return first;
    }

    private sealed class Over(HttpMessageInvoker http) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            http.SendAsync(request, cancellationToken);
    }

    /// <summary>A call on its way to the app.</summary>
    public readonly struct Call(AppChannel app) : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref app._calls);
    }
}
