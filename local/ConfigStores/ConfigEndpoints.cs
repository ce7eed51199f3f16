using System.Text.Json;
using System.Text.Json.Serialization;
using DaprShop.Local.Hosting;

namespace DaprShop.Local.ConfigStores;

/// <summary><c>/v1.0/configuration</c>: https://docs.dapr.io/reference/api/configuration_api/</summary>
internal static class ConfigEndpoints
{
    private static readonly string[] s_versions = ["v1.0", "v1.0-alpha1"];

    internal static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web)
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
        return items.Count == 0 ? Results.NoContent() : Results.Json(items, Json, "application/json");
    }

    private static async Task<IResult> SubscribeAsync(HttpContext http, string store, HttpSubscriptions subscriptions)
    {
        var id = await subscriptions.SubscribeAsync(http.GetSidecar(), store, KeysOf(http), http.RequestAborted);
        return Results.Json(new { id }, Json, "application/json");
    }

    private static IResult Unsubscribe(HttpContext http, string store, string id, HttpSubscriptions subscriptions) =>
        subscriptions.Unsubscribe(http.GetSidecar(), store, id) is { } message
            ? Results.Json(new { message }, Json, "application/json", StatusCodes.Status500InternalServerError)
            : Results.Json(new { ok = true }, Json, "application/json");

    private static string[] KeysOf(HttpContext http) => [.. http.Request.Query["key"].OfType<string>()];
}
