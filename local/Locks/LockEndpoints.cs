using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Local.Errors;
using DaprShop.Local.Hosting;
using Google.Protobuf;
using Grpc.Core;

namespace DaprShop.Local.Locks;

/// <summary><c>/v1.0-alpha1/lock</c> and <c>unlock</c>: https://docs.dapr.io/reference/api/distributed_lock_api/</summary>
internal static class LockEndpoints
{
    private static readonly JsonParser s_parser = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(true));

    public static void AddLocks(this IServiceCollection services) => services.AddSingleton<Locks>();

    public static void MapLocks(this IEndpointRouteBuilder routes)
    {
        // Opens the components, so that what is wrong with one is told at the start.
        _ = routes.ServiceProvider.GetRequiredService<Locks>();
        routes.MapPost("/v1.0-alpha1/lock/{store}", async (HttpContext http, string store, Locks locks) =>
        {
            var request = await ReadAsync<TryLockRequest>(http.Request);
            request.StoreName = store;
            return Results.Json(new { success = await locks.TryAsync(http.GetSidecar(), request, http.RequestAborted) });
        });
        routes.MapPost("/v1.0-alpha1/unlock/{store}", async (HttpContext http, string store, Locks locks) =>
        {
            var request = await ReadAsync<UnlockRequest>(http.Request);
            request.StoreName = store;
            return Results.Json(new { status = (int)await locks.UnlockAsync(http.GetSidecar(), request, http.RequestAborted) });
        });
    }

    private static async Task<T> ReadAsync<T>(HttpRequest request) where T : IMessage, new()
    {
        using var reader = new StreamReader(request.Body);
        try
        {
            return s_parser.Parse<T>(await reader.ReadToEndAsync(request.HttpContext.RequestAborted));
        }
        catch (Exception error) when (error is InvalidProtocolBufferException or InvalidJsonException or InvalidOperationException)
        {
            throw new DaprError(
                400, "ERR_MALFORMED_REQUEST", StatusCode.InvalidArgument, $"failed deserializing HTTP body: {error.Message}");
        }
    }
}
