using System.Text.Json;
using System.Text.Json.Serialization;
using DaprShop.Local.Hosting;

namespace DaprShop.Local.ConfigStores;

/// <summary><c>/v1.0/configuration</c>: https://docs.dapr.io/reference/api/configuration_api/</summary>
internal static class ConfigEndpoints
{
    private static readonly string[] s_versions = ["v1.0", "v1.0-alpha1"];
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public static void AddConfiguration(this IServiceCollection services) =>
        services.AddSingleton<ConfigurationStores>().AddSingleton<HttpSubscriptions>()
            .AddSingleton<IAppObserver>(services => services.GetRequiredService<HttpSubscriptions>());

    public static void MapConfiguration(this IEndpointRouteBuilder routes)
    {
        // Opens the components, so that what is wrong with one is told at the start.
        _ = routes.ServiceProvider.GetRequiredService<ConfigurationStores>();
        foreach (var version in s_versions)
        {
            var store = routes.MapGroup($"/{version}/configuration/{{store}}");
            store.MapGet("", GetAsync);
            store.MapGet("subscribe", SubscribeAsync);
            store.MapGet("{id}/unsubscribe", Unsubscribe);
        }
    }

    private static async Task<IResult> GetAsync(HttpContext http, string store, ConfigurationStores stores)
    {
        var items = await stores.GetAsync(http.GetSidecar(), store, KeysOf(http), http.RequestAborted);
        return items.Count == 0 ? Results.NoContent() : Results.Json(items, s_json, "application/json");
    }

    /// <summary>The app hears of changes at <c>POST /configuration/{store}/{key}</c>.</summary>
    private static async Task<IResult> SubscribeAsync(HttpContext http, string store, HttpSubscriptions subscriptions)
    {
        var app = http.GetSidecar().App;
        var id = await subscriptions.SubscribeAsync(
            http.GetSidecar(), store, KeysOf(http), (id, items) => TellAsync(app, store, id, items), http.RequestAborted);
        return Results.Json(new { id }, s_json, "application/json");
    }

    private static IResult Unsubscribe(HttpContext http, string store, string id, HttpSubscriptions subscriptions) =>
        subscriptions.Unsubscribe(http.GetSidecar(), store, id) is { } message
            ? Results.Json(new { message }, s_json, "application/json", StatusCodes.Status500InternalServerError)
            : Results.Json(new { ok = true }, s_json, "application/json");

    private static string[] KeysOf(HttpContext http) => [.. http.Request.Query["key"].OfType<string>()];

    private static async Task TellAsync(AppChannel app, string store, string id, IReadOnlyDictionary<string, ConfigItem> items)
    {
        foreach (var key in items.Keys)
        {
            using var limit = new CancellationTokenSource(s_patience);
            using var request = new HttpRequestMessage(
                HttpMethod.Post, new Uri(app.Address!, $"configuration/{Uri.EscapeDataString(store)}/{Uri.EscapeDataString(key)}"));
            request.Content = JsonContent.Create(new { id, items }, options: s_json);
            if (app.Token is not null) request.Headers.TryAddWithoutValidation("dapr-api-token", app.Token);
            using var response = await app.Http.SendAsync(request, limit.Token);
            response.EnsureSuccessStatusCode();
        }
    }
}
