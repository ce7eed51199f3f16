using System.Text.Json;
using DaprShop.Local.Configuration;
using DaprShop.Local.Hosting;

namespace DaprShop.Local.Control;

/// <summary>
/// <c>/apps</c>: which replicas there are, how many there should be, and a new process for each. Both changes are answered when they are
/// done: calls have moved on, and what has been taken out of service is gone.
/// </summary>
internal static class ReplicaEndpoints
{
    public static void MapReplicas(this IEndpointRouteBuilder routes, LocalRuntime runtime)
    {
        routes.MapGet("/apps", () => TypedResults.Json(runtime.Apps.Sidecars.Select(Row)));
        routes.MapPost("/apps/{appId}/replicas", (string appId, HttpRequest request) => ChangeAsync(runtime, appId, async cancellation =>
            await runtime.ScaleAsync(appId, await CountAsync(request, cancellation), cancellation)));
        routes.MapPost("/apps/{appId}/restart", (string appId) => ChangeAsync(runtime, appId, cancellation =>
            runtime.ReplaceAsync(appId, cancellation)));
    }

    private static object Row(Sidecar sidecar) => new
    {
        app = sidecar.AppId,
        replica = sidecar.Replica,
        url = sidecar.App.BaseAddress,
        daprHttpPort = sidecar.HttpPort,
        daprGrpcPort = sidecar.GrpcPort,
        healthy = sidecar.App.IsHealthy,
    };

    /// <summary>A change that has begun is carried through, whether or not somebody waits for it.</summary>
    private static async Task<IResult> ChangeAsync(LocalRuntime runtime, string appId, Func<CancellationToken, Task> change)
    {
        if (!runtime.Apps.Knows(appId)) return Results.Text($"there is no app '{appId}'", statusCode: StatusCodes.Status404NotFound);
        try
        {
            await change(CancellationToken.None);
            return TypedResults.Json(runtime.Apps.Of(appId).Select(Row));
        }
        catch (ConfigurationError error)
        {
            return Results.Text(error.Message, statusCode: StatusCodes.Status409Conflict);
        }
        catch (Exception error) when (error is JsonException or BadHttpRequestException)
        {
            return Results.Text(error.Message, statusCode: StatusCodes.Status400BadRequest);
        }
    }

    /// <exception cref="JsonException">Not <c>{"count":3}</c>, or a number that cannot be.</exception>
    private static async Task<int> CountAsync(HttpRequest request, CancellationToken cancellation)
    {
        using var body = await JsonDocument.ParseAsync(request.Body, cancellationToken: cancellation);
        return body.RootElement is { ValueKind: JsonValueKind.Object } wanted
            && wanted.TryGetProperty("count", out var count) && count.ValueKind == JsonValueKind.Number
            && count.TryGetInt32(out var number) && number is >= 1 and <= Fleet.MaxReplicas
            ? number
            : throw new JsonException($"expected {{\"count\":N}}, N from 1 to {Fleet.MaxReplicas}");
    }
}
