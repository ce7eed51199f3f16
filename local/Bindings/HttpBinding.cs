using System.Text;
using DaprShop.Local.Configuration;

namespace DaprShop.Local.Bindings;

/// <summary><c>bindings.http</c>: https://docs.dapr.io/reference/components-reference/supported-bindings/http/</summary>
internal sealed class HttpBinding : IOutputBinding
{
    private const string Json = "application/json; charset=utf-8";
    private static readonly string[] s_withBody = ["POST", "PUT", "PATCH"];
    private static readonly HttpMessageInvoker s_http = new(new SocketsHttpHandler
    {
        UseCookies = false,
        ActivityHeadersPropagator = null,
        RequestHeaderEncodingSelector = static (_, _) => Encoding.UTF8,
        ResponseHeaderEncodingSelector = static (_, _) => Encoding.UTF8,
    });

    private readonly string _url;
    private readonly bool _errorIfNot2xx;
    private readonly TimeSpan? _responseTimeout;

    public HttpBinding(ComponentSettings settings)
    {
        _url = settings.Text("url") ?? throw settings.Error("url is missing");
        if (!Uri.TryCreate(_url, UriKind.Absolute, out _)) throw settings.Error($"url '{_url}' is not an address");
        _errorIfNot2xx = settings.Text("errorIfNot2XX") is null || settings.Flag("errorIfNot2XX");
        _responseTimeout = settings.Duration("responseTimeout");
    }

    public IReadOnlyList<string> Operations { get; } =
        ["create", "get", "head", "post", "put", "patch", "delete", "options", "trace"];

    public async Task<BindingAnswer> InvokeAsync(BindingCall call, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (_responseTimeout is { } timeout) limit.CancelAfter(timeout);
        try
        {
            using var request = RequestOf(call);
            using var response = await s_http.SendAsync(request, limit.Token);
            var answer = new BindingAnswer(await response.Content.ReadAsByteArrayAsync(limit.Token), MetadataOf(response));
            var strict = call.Metadata.TryGetValue("errorIfNot2XX", out var own) && own.Length > 0 ? IsTruthy(own) : _errorIfNot2xx;
            return response.IsSuccessStatusCode || !strict
                ? answer
                : throw new BindingFailure($"received status code {(int)response.StatusCode}", answer);
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException or UriFormatException or FormatException)
        {
            cancellation.ThrowIfCancellationRequested();
            throw new BindingFailure(error.Message);
        }
    }

    private HttpRequestMessage RequestOf(BindingCall call)
    {
        var verb = call.Operation.ToUpperInvariant() is var name && name == "CREATE" ? "POST" : name;
        var path = call.Metadata.GetValueOrDefault("path", "");
        var url = path.Length == 0 ? _url : $"{_url.TrimEnd('/')}/{path.TrimStart('/')}";
        var request = new HttpRequestMessage(new HttpMethod(verb), url);
        if (s_withBody.Contains(verb))
        {
            request.Content = new ReadOnlyMemoryContent(call.Data);
            request.Content.Headers.TryAddWithoutValidation("Content-Type", call.Metadata.GetValueOrDefault("Content-Type", Json));
        }
        request.Headers.TryAddWithoutValidation("Accept", call.Metadata.GetValueOrDefault("Accept", Json));
        // Names that begin with a capital letter are headers.
        foreach (var (header, value) in call.Metadata)
            if (header is [>= 'A' and <= 'Z', ..] and not ("Content-Type" or "Accept"))
                request.Headers.TryAddWithoutValidation(header, value);
        foreach (var trace in (string[])["traceparent", "tracestate", "baggage"])
            if (call.Metadata.TryGetValue(trace, out var value) && value.Length > 0) request.Headers.TryAddWithoutValidation(trace, value);
        return request;
    }

    private static Dictionary<string, string> MetadataOf(HttpResponseMessage response)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["statusCode"] = $"{(int)response.StatusCode}",
            ["status"] = $"{(int)response.StatusCode} {response.ReasonPhrase}",
        };
        foreach (var (name, values) in response.Headers.NonValidated) metadata[name] = values.ToString();
        foreach (var (name, values) in response.Content.Headers.NonValidated) metadata[name] = values.ToString();
        return metadata;
    }

    private static bool IsTruthy(string text) => text.ToLowerInvariant() is "true" or "1" or "yes" or "y" or "on" or "t";
}
