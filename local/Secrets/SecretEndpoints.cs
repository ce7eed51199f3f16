using DaprShop.Local.Hosting;

namespace DaprShop.Local.Secrets;

/// <summary><c>/v1.0/secrets</c>: https://docs.dapr.io/reference/api/secrets_api/</summary>
internal static class SecretEndpoints
{
    public static void AddSecrets(this IServiceCollection services) => services.AddSingleton<SecretStores>();

    public static void MapSecrets(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1.0/secrets/{store}/bulk", async (HttpContext http, string store, SecretStores secrets) =>
            Results.Json(new Dictionary<string, Dictionary<string, string>>(
                await secrets.GetAllAsync(http.GetSidecar(), store, http.RequestAborted))));
        routes.MapGet("/v1.0/secrets/{store}/{key}", async (HttpContext http, string store, string key, SecretStores secrets) =>
            Results.Json(await secrets.GetAsync(http.GetSidecar(), store, key, http.RequestAborted)));
    }
}
