using System.Security.Claims;
using System.Text.Json;
using DaprShop.Common;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;

namespace DaprShop.Ordering;

/// <summary>
/// <c>GET /api/orders/{id}/stream</c>: server-sent events (WHATWG HTML, section 9.2). The current order first, then each change, <c>id</c>
/// being the version; a comment as heartbeat while nothing happens; ends when the order cannot change any more.
/// </summary>
public static class OrderStream
{
    internal const string ContentType = "text/event-stream";

    internal static async Task<IResult> Get(
        Guid id, ClaimsPrincipal user, OrderViews views, OrderFeed feed, IOptions<JsonOptions> json, HttpContext context,
        IHostApplicationLifetime lifetime, CancellationToken cancellation)
    {
        using var watch = feed.Open(id.ToString());
        if (await views.Readable(id, user, cancellation) is not { } view) return OrderEndpoints.NoSuchOrder();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation, lifetime.ApplicationStopping);
        try
        {
            await Send(context.Response, watch, view, user.IsStaff(), json.Value.SerializerOptions, end.Token);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The reader left, or the service stops; a browser comes again by itself.
        }
        return Results.Empty;
    }

    private static async Task Send(
        HttpResponse response, OrderFeed.Watch watch, OrderView view, bool isStaff, JsonSerializerOptions json, CancellationToken cancellation)
    {
        response.ContentType = ContentType;
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no";
        var sent = 0;
        while (true)
        {
            if (view.Version > sent)
            {
                sent = view.Version;
                var data = JsonSerializer.Serialize(isStaff ? view : view.ForMember(), json);
                await response.WriteAsync($"event: order\nid: {view.Version}\ndata: {data}\n\n", cancellation);
            }
            else
            {
                await response.WriteAsync(": still here\n\n", cancellation);
            }
            await response.Body.FlushAsync(cancellation);
            if (view.Status.IsFinal()) return;
            view = await watch.Next(cancellation) ?? view;
        }
    }
}
