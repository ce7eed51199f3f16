using DaprShop.Common;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DaprShop.Web;

/// <summary><c>/api/admin/dead-letters</c>, for staff: what no subscriber could take, and another try.</summary>
public static class DeadLetterDeskEndpoints
{
    private const int DefaultPageSize = 20;
    private const int MaxPageSize = 100;

    public static void MapDeadLetterDesk(this IEndpointRouteBuilder routes)
    {
        // With the bearer token that every API takes; the pages' cookie opens nothing here.
        var letters = routes.MapGroup("/api/admin/dead-letters").RequireAuthorization(policy => policy
            .AddAuthenticationSchemes(JwtBearerDefaults.AuthenticationScheme).RequireClaim(ShopAuth.RoleClaim, "staff"));
        letters.MapGet("", ListAsync).Refuses(400);
        letters.MapPost("/{id}/replay", ReplayAsync).Refuses(404, 409);
    }

    private static async Task<Results<Ok<DeadLetterPage>, Problem>> ListAsync(
        int? page, int? pageSize, DeadLetterDesk desk, CancellationToken cancellation)
    {
        var (number, size) = (page ?? 1, pageSize ?? DefaultPageSize);
        var check = new Validation()
            .Check(number >= 1, "page", "From 1.")
            .Check(size is >= 1 and <= MaxPageSize, "pageSize", $"1 to {MaxPageSize}.");
        if (check.Problem is { } invalid) return invalid;
        var list = await desk.ListAsync(number, size, cancellation);
        return list.Unavailable.Count == DeadLetterDesk.Services.Count
            ? Problem.Unavailable("None of the services answers; try again.")
            : TypedResults.Ok(list);
    }

    private static async Task<Results<Ok<ReplayedLetter>, Problem>> ReplayAsync(
        string id, DeadLetterDesk desk, CancellationToken cancellation) =>
        await desk.ReplayAsync(id, cancellation) switch
        {
            null => Problem.NotFound("There is no such dead letter."),
            { Outcome: ReplayReply.Replayed } => TypedResults.Ok(new ReplayedLetter(id, ReplayReply.Replayed)),
            { Reason: var reason } => Problem.Conflict($"The event failed again, and its letter stays. {reason}"),
        };
}

/// <param name="Outcome"><c>replayed</c>: the event took effect, and the letter is gone. The same when asked again.</param>
public sealed record ReplayedLetter(string Id, string Outcome);
