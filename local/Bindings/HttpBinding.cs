using System.Net;
using System.Net.Sockets;
using System.Text;
using DaprShop.Local.Configuration;
using DaprShop.Local.Resiliency;

namespace DaprShop.Local.Bindings;

/// <summary><c>bindings.http</c>: https://docs.dapr.io/reference/components-reference/supported-bindings/http/</summary>
internal sealed class HttpBinding : IOutputBinding
{
    private const string Json = "application/json; charset=utf-8";
    private const long DefaultMaxBody = 100 << 20;
    private const int MaxRedirects = 10;

    private static readonly string[] s_unserved = ["MTLSRootCA", "MTLSClientCert", "MTLSClientKey", "MTLSRenegotiation"];
    private static readonly string[] s_withBody = ["POST", "PUT", "PATCH"];
    private static readonly string[] s_trace = ["traceparent", "tracestate", "baggage"];

    private static readonly HttpMessageInvoker s_http = new(new SocketsHttpHandler
    {
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.GZip,
        ConnectTimeout = TimeSpan.FromSeconds(15),
        ActivityHeadersPropagator = null,
        RequestHeaderEncodingSelector = static (_, _) => Encoding.UTF8,
        ResponseHeaderEncodingSelector = static (_, _) => Encoding.UTF8,
    });

    private readonly Uri _url;
    private readonly bool _errorIfNot2xx;
    private readonly TimeSpan? _responseTimeout;
    private readonly long _maxBody;
    private readonly (string Name, string Value)? _token;

    public HttpBinding(ComponentSettings settings)
    {
        foreach (var name in s_unserved)
            if (settings.Text(name) is not null) throw settings.Error($"{name} is not served by the local runtime");
        var url = settings.Text("url") ?? throw settings.Error("url is missing");
        _url = Uri.TryCreate(url, UriKind.Absolute, out var address) ? address : throw settings.Error($"url '{url}' is not an address");
        _errorIfNot2xx = settings.Text("errorIfNot2XX") is null || settings.Flag("errorIfNot2XX");
        _responseTimeout = settings.Duration("responseTimeout");
        _maxBody = settings.Bytes("maxResponseBodySize") ?? DefaultMaxBody;
        if (settings.Text("securityTokenHeader") is { } header && settings.Text("securityToken") is { } token) _token = (header, token);
    }

    public IReadOnlyList<string> Operations { get; } =
        ["create", "get", "head", "post", "put", "patch", "delete", "options", "trace"];

    public async Task<BindingAnswer> InvokeAsync(BindingCall call, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (_responseTimeout is { } timeout) limit.CancelAfter(Pause.Reachable(timeout));
        var request = RequestOf(call);
        try
        {
            using var response = await SendAsync(request, limit.Token);
            var answer = new BindingAnswer(await ReadAsync(response.Content, limit.Token), MetadataOf(response));
            var strict = call.Metadata.TryGetValue("errorIfNot2XX", out var own) && own.Length > 0
                ? ComponentSettings.IsTruthy(own)
                : _errorIfNot2xx;
            return response.IsSuccessStatusCode || !strict
                ? answer
                : throw new BindingFailure($"received status code {(int)response.StatusCode}", answer);
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException or IOException or NotSupportedException)
        {
            cancellation.ThrowIfCancellationRequested();
            throw new BindingFailure(request.Failure(ReasonOf(error, request.Address)));
        }
    }

    private BoundRequest RequestOf(BindingCall call)
    {
        var verb = call.Operation.ToUpperInvariant() is var name && name == "CREATE" ? "POST" : name;
        var hasBody = s_withBody.Contains(verb);
        var path = call.Metadata.GetValueOrDefault("path", "");
        var address = path.Length == 0 ? _url.OriginalString : $"{_url.OriginalString.TrimEnd('/')}/{path.TrimStart('/')}";
        return new BoundRequest(
            verb,
            Uri.TryCreate(address, UriKind.Absolute, out var uri) ? uri : throw new BindingFailure($"'{address}' is not an address"),
            hasBody ? call.Data : (ReadOnlyMemory<byte>?)null,
            HeadersOf(call.Metadata, hasBody));
    }

    /// <summary>What is said later counts: metadata that begins with a capital letter, and then the trace.</summary>
    private HeaderList HeadersOf(IReadOnlyDictionary<string, string> metadata, bool hasBody)
    {
        var headers = new HeaderList();
        if (hasBody) headers.Set("Content-Type", Json);
        headers.Set("Accept", Json);
        headers.Set("User-Agent", "Go-http-client/1.1");
        if (_token is var (name, token)) headers.Set(name, token);
        foreach (var (header, value) in metadata)
            if (header is [>= 'A' and <= 'Z', ..]) headers.Set(header, value);
        foreach (var trace in s_trace)
            if (metadata.TryGetValue(trace, out var value) && value.Length > 0) headers.Set(trace, value);
        return headers;
    }

    private static async Task<HttpResponseMessage> SendAsync(BoundRequest request, CancellationToken cancellation)
    {
        for (var redirects = 0; ; redirects++)
        {
            using var message = request.ToMessage();
            var response = await s_http.SendAsync(message, cancellation);
            if (!request.Follow(response)) return response;
            response.Dispose();
            if (redirects == MaxRedirects) throw new BindingFailure(request.Failure($"stopped after {MaxRedirects} redirects"));
        }
    }

    /// <summary>What is too long is cut off.</summary>
    private async Task<byte[]> ReadAsync(HttpContent content, CancellationToken cancellation)
    {
        if (_maxBody <= 0) return await content.ReadAsByteArrayAsync(cancellation);
        await using var body = await content.ReadAsStreamAsync(cancellation);
        using var kept = new MemoryStream();
        var buffer = new byte[16 * 1024];
        while (await body.ReadAsync(buffer.AsMemory(0, Room()), cancellation) is var read and > 0) kept.Write(buffer, 0, read);
        return kept.ToArray();

        int Room() => (int)Math.Min(buffer.Length, _maxBody - kept.Length);
    }

    /// <summary>In Go's words, where those are sure.</summary>
    private static string ReasonOf(Exception error, Uri address) => error switch
    {
        OperationCanceledException => "context deadline exceeded",
        NotSupportedException => $"unsupported protocol scheme \"{address.Scheme}\"",
        { InnerException: SocketException { SocketErrorCode: SocketError.ConnectionRefused } } =>
            $"dial tcp {address.Host}:{address.Port}: connect: connection refused",
        _ => error.Message,
    };

    private static Dictionary<string, string> MetadataOf(HttpResponseMessage response)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["statusCode"] = $"{(int)response.StatusCode}",
            ["status"] = $"{(int)response.StatusCode} {response.ReasonPhrase}",
        };
        foreach (var (name, values) in response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated))
            if (HeaderList.Canonical(name) is not ("Transfer-Encoding" or "Trailer") and var known) metadata[known] = values.ToString();
        return metadata;
    }
}
