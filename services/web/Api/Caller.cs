using System.Net.Http.Headers;
using System.Text.Json;
using DaprShop.Common;
using DaprShop.Web.Session;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;

namespace DaprShop.Web.Api;

/// <summary>
/// HTTP clients that reach the services, one for each app id, for the life of the process. A call may take as long as
/// <c>Web:TimeLimit</c> says, 5 s if it says nothing.
/// </summary>
public sealed class ServiceClients(Peers peers, IConfiguration configuration) : IDisposable
{
    private static readonly TimeSpan s_timeLimit = TimeSpan.FromSeconds(5);

    private static readonly string[] s_apps =
        ["members", "catalog", "inventory", "basket", "ordering", "payment", "shipping", "notification", "web"];

    private readonly Dictionary<string, HttpClient> _clients =
        s_apps.ToDictionary(app => app, app => peers.Client(app, configuration.GetValue("Web:TimeLimit", s_timeLimit)));

    public HttpClient this[string app] => _clients[app];

    public void Dispose()
    {
        foreach (var client in _clients.Values) client.Dispose();
    }
}

/// <summary>
/// Calls the services' public API for the visitor of this request: with their token, their guest basket and their address.
/// </summary>
public sealed class Caller(ServiceClients clients, Visitor visitor, IOptions<JsonOptions> json, ILogger<Caller> logger)
{
    private readonly JsonSerializerOptions _json = json.Value.SerializerOptions;

    public Task<Answer<T>> GetAsync<T>(string app, string path) where T : class => SendAsync<T>(app, HttpMethod.Get, path);

    /// <summary>One call; never throws for what the service does or does not answer.</summary>
    /// <param name="app">The service's app id.</param>
    /// <param name="method">The verb.</param>
    /// <param name="path">Without a leading slash.</param>
    /// <param name="body">Sent as JSON; nothing when null.</param>
    /// <param name="header">One more header.</param>
    /// <param name="accessToken">Instead of the visitor's own.</param>
    public async Task<Answer<T>> SendAsync<T>(
        string app, HttpMethod method, string path, object? body = null, (string Name, string Value)? header = null,
        string? accessToken = null) where T : class
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null) request.Content = JsonContent.Create(body, body.GetType(), options: _json);
        if ((accessToken ?? await visitor.AccessTokenAsync()) is { } token)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        else if (visitor.GuestBasketId is { } basket) request.Headers.Add("X-Basket-Id", basket);
        if (visitor.Address is { } address) request.Headers.Add("X-Forwarded-For", address);
        if (header is { } extra) request.Headers.TryAddWithoutValidation(extra.Name, extra.Value);
        try
        {
            using var response = await clients[app].SendAsync(request);
            return response.IsSuccessStatusCode
                ? new Answer<T>(await ReadAsync<T>(response), ETag: response.Headers.ETag?.ToString())
                : new Answer<T>(null, await RefusalAsync(response));
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException or JsonException or IOException)
        {
            logger.LogWarning("{Service} did not answer: {Reason}", app, error.Message);
            return Answer.Away<T>();
        }
    }

    private async Task<T?> ReadAsync<T>(HttpResponseMessage response) where T : class =>
        response.Content.Headers.ContentLength == 0 || response.StatusCode == System.Net.HttpStatusCode.NoContent
            ? null
            : await response.Content.ReadFromJsonAsync<T>(_json);

    private async Task<Refusal> RefusalAsync(HttpResponseMessage response)
    {
        var status = (int)response.StatusCode;
        if (status >= 500) logger.LogWarning("{Path} answered {Status}", response.RequestMessage?.RequestUri?.AbsolutePath, status);
        if (response.Content.Headers.ContentType?.MediaType != "application/problem+json") return new Refusal(status, null);
        var problem = await response.Content.ReadFromJsonAsync<ProblemBody>(_json);
        return new Refusal(status, problem?.Detail, problem?.Errors);
    }

    private sealed record ProblemBody(string? Detail = null, Dictionary<string, string[]>? Errors = null);
}
