using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace DaprShop.Common;

/// <summary>Another service, called by app id (see <see cref="Peers"/>), with a time limit for each call.</summary>
public sealed class Peer(string appId, HttpClient http, JsonSerializerOptions json)
{
    public string AppId { get; } = appId;

    /// <summary>GET; null when the peer answers 404.</summary>
    /// <exception cref="PeerUnavailableException">No answer in time, or not a success.</exception>
    public Task<T?> GetAsync<T>(string path, CancellationToken cancellation = default) where T : class =>
        SendAsync<T>(new HttpRequestMessage(HttpMethod.Get, path), cancellation);

    /// <summary>POST with a JSON body, or none when <paramref name="body"/> is null.</summary>
    /// <exception cref="PeerUnavailableException">No answer in time, or not a success.</exception>
    public Task<T?> PostAsync<T>(string path, object? body, CancellationToken cancellation = default) where T : class =>
        SendAsync<T>(new HttpRequestMessage(HttpMethod.Post, path) { Content = Json(body) }, cancellation);

    /// <inheritdoc cref="PostAsync"/>
    public Task<T?> PutAsync<T>(string path, object? body, CancellationToken cancellation = default) where T : class =>
        SendAsync<T>(new HttpRequestMessage(HttpMethod.Put, path) { Content = Json(body) }, cancellation);

    private JsonContent? Json(object? body) => body is null ? null : JsonContent.Create(body, body.GetType(), options: json);

    private async Task<T?> SendAsync<T>(HttpRequestMessage request, CancellationToken cancellation) where T : class
    {
        using (request)
        {
            try
            {
                using var response = await http.SendAsync(request, cancellation);
                if (response.StatusCode == HttpStatusCode.NotFound) return null;
                response.EnsureSuccessStatusCode();
                return await response.Content.ReadFromJsonAsync<T>(json, cancellation);
            }
            catch (Exception error) when (error is HttpRequestException or SocketException or JsonException or IOException
                || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
            {
                throw new PeerUnavailableException(AppId, error);
            }
        }
    }
}

public static class PeerClients
{
    /// <summary>Registers <typeparamref name="TClient"/>, which takes a <see cref="Peer"/> and more from the container, for calls to <paramref name="appId"/>.</summary>
    /// <param name="services">The container.</param>
    /// <param name="appId">The Dapr app id called.</param>
    /// <param name="timeout">For each call, connection included.</param>
    public static IServiceCollection AddPeer<TClient>(this IServiceCollection services, string appId, TimeSpan timeout) where TClient : class =>
        services.AddSingleton(provider =>
        {
            var http = provider.GetRequiredService<Peers>().Client(appId, timeout);
            var json = provider.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;
            return ActivatorUtilities.CreateInstance<TClient>(provider, new Peer(appId, http, json));
        });
}
