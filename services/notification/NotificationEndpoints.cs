using System.Security.Claims;
using DaprShop.Common;
using DaprShop.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DaprShop.Notification;

/// <summary><c>GET /api/notifications</c>: the member's own, newest first.</summary>
public static class NotificationEndpoints
{
    private const int DefaultPageSize = 20;
    private const int MaxPageSize = 100;

    public static void MapNotifications(this WebApplication app) =>
        app.MapGet("/api/notifications", ListAsync).RequireAuthorization().Refuses(400);

    private static async Task<Results<Ok<Page<NotificationView>>, Problem>> ListAsync(
        int? page, int? pageSize, ClaimsPrincipal user, Inboxes inboxes, CancellationToken cancellation)
    {
        var (number, size) = (page ?? 1, pageSize ?? DefaultPageSize);
        var invalid = new Validation()
            .Check(number >= 1, "page", "From 1.")
            .Check(size is >= 1 and <= MaxPageSize, "pageSize", $"1 to {MaxPageSize}.")
            .Problem;
        return invalid is not null ? invalid : TypedResults.Ok(await inboxes.ListAsync(user.MemberId(), number, size, cancellation));
    }
}
