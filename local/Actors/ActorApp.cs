using System.Collections.Frozen;
using DaprShop.Local.Hosting;
using Microsoft.Extensions.Primitives;

namespace DaprShop.Local.Actors;

/// <summary>What is sent to an actor.</summary>
/// <param name="Actor">Whom it is for.</param>
/// <param name="Method">The path below <c>method/</c>, not escaped: a method's name, <c>remind/name</c> or <c>timer/name</c>.</param>
/// <param name="Query">With its question mark, or empty.</param>
/// <param name="Body">May be empty.</param>
/// <param name="ContentType">Null for none.</param>
/// <param name="Headers">The caller's; what belongs to its connection is left out on the way.</param>
internal sealed record ActorCall(
    ActorRef Actor, string Method, string Query, ReadOnlyMemory<byte> Body, string? ContentType,
    IEnumerable<KeyValuePair<string, StringValues>> Headers);

/// <summary>What the actor's method answered.</summary>
internal sealed record ActorAnswer(string? ContentType, IReadOnlyList<KeyValuePair<string, string[]>> Headers, byte[] Body);

/// <summary>
/// Dapr's actor protocol as an app serves it (https://docs.dapr.io/reference/api/actors_api/#user-service-code-calling-dapr):
/// <c>PUT /actors/{type}/{id}/method/…</c>, <c>DELETE /actors/{type}/{id}</c>, <c>GET /dapr/config</c>.
/// </summary>
internal sealed class ActorApp(TimeProvider time)
{
    public const string ReentrancyHeader = "Dapr-Reentrancy-Id";
    private const string TokenHeader = "dapr-api-token";

    private static readonly TimeSpan s_deactivationTimeout = TimeSpan.FromSeconds(10);

    private static readonly FrozenSet<string> s_ownHeaders = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "TE", "Trailer", "Transfer-Encoding",
        "Upgrade", "Expect", "Host", "Content-Length", "Content-Type", TokenHeader, ReentrancyHeader);

    /// <summary>Calls the actor. The caller has its turn.</summary>
    /// <param name="host">The replica that the actor lives in.</param>
    /// <param name="call">The call.</param>
    /// <param name="flow">The reentrancy id; null to hand on what the caller sent.</param>
    /// <param name="timeout">How long it may take; null for no limit.</param>
    /// <exception cref="Errors.DaprError">The method failed, is not there, or took too long.</exception>
    /// <exception cref="HttpRequestException">The app cannot be reached.</exception>
    public async Task<ActorAnswer> CallAsync(Sidecar host, ActorCall call, string? flow, TimeSpan? timeout)
    {
        using var request = Request(HttpMethod.Put, host, MethodPath(call) + call.Query);
        request.Content = Content(call);
        foreach (var (name, values) in call.Headers)
            if (!s_ownHeaders.Contains(name)) request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
        if (flow is not null) request.Headers.TryAddWithoutValidation(ReentrancyHeader, flow);

        using var limit = timeout is { } span ? new CancellationTokenSource(span, time) : null;
        try
        {
            using var response = await host.App.Http.SendAsync(request, limit?.Token ?? CancellationToken.None);
            var body = await response.Content.ReadAsByteArrayAsync(limit?.Token ?? CancellationToken.None);
            return (int)response.StatusCode switch
            {
                StatusCodes.Status200OK => new ActorAnswer(response.Content.Headers.ContentType?.ToString(), HeadersOf(response), body),
                StatusCodes.Status404NotFound => throw ActorErrors.Invoke($"actor method not found: {MethodPath(call)}"),
                var status => throw ActorErrors.Invoke($"error from actor service: ({status}) {System.Text.Encoding.UTF8.GetString(body)}"),
            };
        }
        catch (OperationCanceledException) when (limit is { IsCancellationRequested: true })
        {
            throw ActorErrors.Invoke("context deadline exceeded");
        }
    }

    /// <summary>Tells the app to let the actor go; what it answers, and whether it does, makes no difference.</summary>
    public async Task DeactivateAsync(Sidecar host, ActorRef actor)
    {
        using var request = Request(HttpMethod.Delete, host, Path(actor));
        using var limit = new CancellationTokenSource(s_deactivationTimeout, time);
        try
        {
            using var response = await host.App.Http.SendAsync(request, limit.Token);
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException)
        {
            // The app is going away itself.
        }
    }

    /// <summary>
    /// The body of <c>GET /dapr/config</c>; empty when the app does not have it (over gRPC no app has actors). The app may take its time,
    /// as beside daprd.
    /// </summary>
    /// <exception cref="HttpRequestException">The app cannot be reached.</exception>
    public static async Task<byte[]> ConfigAsync(Sidecar host, CancellationToken cancellation)
    {
        if (host.App.Address is null || host.SpeaksGrpc) return [];
        using var request = Request(HttpMethod.Get, host, "dapr/config");
        using var response = await host.App.Http.SendAsync(request, cancellation);
        return response.IsSuccessStatusCode ? await response.Content.ReadAsByteArrayAsync(cancellation) : [];
    }

    private static HttpRequestMessage Request(HttpMethod method, Sidecar host, string path)
    {
        var request = new HttpRequestMessage(method, new Uri(host.App.Address!, path));
        if (host.App.Token is { } token) request.Headers.TryAddWithoutValidation(TokenHeader, token);
        return request;
    }

    private static ReadOnlyMemoryContent? Content(ActorCall call)
    {
        if (call.Body.IsEmpty && call.ContentType is null) return null;
        var content = new ReadOnlyMemoryContent(call.Body);
        if (call.ContentType is not null) content.Headers.TryAddWithoutValidation("Content-Type", call.ContentType);
        return content;
    }

    private static List<KeyValuePair<string, string[]>> HeadersOf(HttpResponseMessage response)
    {
        var headers = new List<KeyValuePair<string, string[]>>();
        foreach (var (name, values) in response.Headers)
            if (!s_ownHeaders.Contains(name)) headers.Add(new(name, [.. values]));
        return headers;
    }

    private static string Path(ActorRef actor) => $"actors/{Uri.EscapeDataString(actor.Type)}/{Uri.EscapeDataString(actor.Id)}";

    private static string MethodPath(ActorCall call) =>
        $"{Path(call.Actor)}/method/{Uri.EscapeDataString(call.Method).Replace("%2F", "/", StringComparison.Ordinal)}";
}
