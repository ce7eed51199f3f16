using DaprShop.Common;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DaprShop.Web;

/// <summary>
/// <c>GET /health</c>, which the gateway routes here: the shop as a visitor meets it,
/// <c>{"status":"up","services":{"members":"up",…}}</c>; 503 and <c>"down"</c> when a service does not answer. When web itself is away,
/// the gateway answers 503 for it.
/// </summary>
public static class GatewayHealthEndpoints
{
    public static IServiceCollection AddGatewayHealth(this IServiceCollection services) => services.AddSingleton<ShopHealth>();

    public static void MapGatewayHealth(this IEndpointRouteBuilder routes) => routes.MapGet("/health", Get)
        .Produces<HealthReport>(StatusCodes.Status503ServiceUnavailable);

    private static async Task<Results<Ok<HealthReport>, JsonHttpResult<HealthReport>>> Get(ShopHealth health, HttpResponse response)
    {
        var report = await health.ReportAsync();
        response.Headers.CacheControl = "no-store";
        if (report.Status == ShopHealth.Up) return TypedResults.Ok(report);
        response.Headers.RetryAfter = "1";
        return TypedResults.Json(report, statusCode: StatusCodes.Status503ServiceUnavailable);
    }
}

/// <param name="Status"><c>up</c> when every service is, else <c>down</c>.</param>
/// <param name="Services">App id → <c>up</c> or <c>down</c>.</param>
public sealed record HealthReport(string Status, IReadOnlyDictionary<string, string> Services);

/// <summary>
/// Asks each service's <c>/healthz</c>, all at once and at most once a second, however many want to know.
/// </summary>
public sealed class ShopHealth(Peers peers, TimeProvider time) : IDisposable
{
    public const string Up = "up";
    private const string Down = "down";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_validFor = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, HttpClient> _services =
        new[] { "members", "catalog", "inventory", "basket", "ordering", "payment", "shipping", "notification" }
            .ToDictionary(service => service, service => peers.Client(service, s_patience));

    private readonly Lock _lock = new();
    private Task<HealthReport>? _report;
    private DateTimeOffset _askedAt;

    public Task<HealthReport> ReportAsync()
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            if (_report is null || (_report.IsCompleted && now - _askedAt >= s_validFor)) (_report, _askedAt) = (AskAllAsync(), now);
            return _report;
        }
    }

    public void Dispose()
    {
        foreach (var service in _services.Values) service.Dispose();
    }

    private async Task<HealthReport> AskAllAsync()
    {
        var states = await Task.WhenAll(_services.Select(async service => (service.Key, State: await AskAsync(service.Value))));
        var services = states.Append((Key: "web", State: Up)).ToDictionary(state => state.Key, state => state.State);
        return new HealthReport(services.ContainsValue(Down) ? Down : Up, services);
    }

    private static async Task<string> AskAsync(HttpClient service)
    {
        try
        {
            using var response = await service.GetAsync("healthz");
            return response.IsSuccessStatusCode ? Up : Down;
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException)
        {
            return Down;
        }
    }
}
