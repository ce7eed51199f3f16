using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Local.Errors;
using DaprShop.Local.Hosting;
using Grpc.Core;

namespace DaprShop.Local.Health;

/// <summary>
/// <c>/v1.0/healthz</c>, <c>/v1.0/metadata</c> and <c>/v1.0/shutdown</c>: https://docs.dapr.io/reference/api/health_api/,
/// https://docs.dapr.io/reference/api/metadata_api/
/// </summary>
internal static class HealthEndpoints
{
    public static void AddHealth(this IServiceCollection services) =>
        services.AddSingleton<SidecarMetadata>().AddSingleton<SidecarShutdown>();

    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1.0/healthz", Healthz);
        // Components are open before a sidecar listens.
        routes.MapGet("/v1.0/healthz/outbound", () => Results.NoContent());
        routes.MapGet("/v1.0/metadata", (HttpContext http, SidecarMetadata metadata) =>
            Results.Json(MetadataBody.Of(metadata.Of(http.GetSidecar()))));
        routes.MapPut("/v1.0/metadata/{key}", LabelAsync);
        routes.MapPost("/v1.0/shutdown", Shutdown);
    }

    private static IResult Healthz(HttpContext http, string? appid)
    {
        var sidecar = http.GetSidecar();
        if (!sidecar.IsReady)
            throw Unhealthy("ERR_HEALTH_NOT_READY", "dapr is not ready: [app]");
        if (appid is not null && appid != sidecar.AppId)
            throw Unhealthy("ERR_HEALTH_APPID_NOT_MATCH", "dapr app-id does not match");
        return Results.NoContent();
    }

    private static DaprError Unhealthy(string code, string message) =>
        new(StatusCodes.Status500InternalServerError, code, StatusCode.Internal, message);

    private static async Task<IResult> LabelAsync(HttpContext http, string key, SidecarMetadata metadata)
    {
        using var body = new StreamReader(http.Request.Body);
        metadata.Label(http.GetSidecar(), key, await body.ReadToEndAsync(http.RequestAborted));
        return Results.NoContent();
    }

    private static IResult Shutdown(HttpContext http, SidecarShutdown shutdown)
    {
        shutdown.Request(http.GetSidecar());
        return Results.NoContent();
    }
}

/// <summary>The HTTP form of a sidecar's metadata; it differs from that of gRPC in names and nesting.</summary>
internal static class MetadataBody
{
    public static object Of(GetMetadataResponse metadata) => new
    {
        id = metadata.Id,
        runtimeVersion = metadata.RuntimeVersion,
        actors = metadata.ActorRuntime?.ActiveActors.Select(Actor) ?? [],
        components = metadata.RegisteredComponents.Select(component => new
        {
            name = component.Name,
            type = component.Type,
            version = component.Version,
            capabilities = component.Capabilities,
        }),
        extended = metadata.ExtendedMetadata,
        subscriptions = metadata.Subscriptions.Select(Subscription),
        appConnectionProperties = Connection(metadata.AppConnectionProperties),
        actorRuntime = new
        {
            runtimeStatus = Spelled(metadata.ActorRuntime?.RuntimeStatus ?? ActorRuntime.Types.ActorRuntimeStatus.Disabled),
            activeActors = metadata.ActorRuntime?.ActiveActors.Select(Actor) ?? [],
            hostReady = metadata.ActorRuntime?.HostReady ?? false,
            placement = metadata.ActorRuntime?.Placement ?? "",
        },
    };

    private static Dictionary<string, object> Connection(AppConnectionProperties app)
    {
        var connection = new Dictionary<string, object>
        {
            ["port"] = app.Port,
            ["protocol"] = app.Protocol,
            ["channelAddress"] = app.ChannelAddress,
        };
        if (app.Health is { } health) connection["health"] = Health(health);
        return connection;
    }

    private static Dictionary<string, object> Health(AppConnectionHealthProperties health)
    {
        var body = new Dictionary<string, object>
        {
            ["healthProbeInterval"] = health.HealthProbeInterval,
            ["healthProbeTimeout"] = health.HealthProbeTimeout,
            ["healthThreshold"] = health.HealthThreshold,
        };
        if (health.HealthCheckPath.Length > 0) body["healthCheckPath"] = health.HealthCheckPath;
        return body;
    }

    private static object Actor(ActiveActorsCount actor) => new { type = actor.Type, count = actor.Count };

    private static object Subscription(PubsubSubscription subscription) => new
    {
        pubsubname = subscription.PubsubName,
        topic = subscription.Topic,
        metadata = subscription.Metadata,
        rules = subscription.Rules?.Rules.Select(rule => new { match = rule.Match, path = rule.Path }),
        deadLetterTopic = subscription.DeadLetterTopic,
        type = subscription.Type.ToString().ToUpperInvariant(),
    };

    private static string Spelled(ActorRuntime.Types.ActorRuntimeStatus status) => status.ToString().ToUpperInvariant();
}
