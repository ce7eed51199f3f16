using DaprShop.Common;

namespace DaprShop.Basket;

/// <summary>Whose basket a request means.</summary>
/// <param name="Key">The basket's document.</param>
/// <param name="Ttl">How long the basket is kept after its last change; for ever when null.</param>
public sealed record BasketOwner(string Key, TimeSpan? Ttl)
{
    private static readonly TimeSpan s_guestTtl = TimeSpan.FromDays(30);

    public static BasketOwner Member(string memberId) => new($"member/{memberId}", null);

    /// <summary>Null when the id is no UUID.</summary>
    public static BasketOwner? Guest(string? basketId) =>
        Guid.TryParseExact(basketId, "D", out var id) ? new BasketOwner($"guest/{id:D}", s_guestTtl) : null;

    /// <summary>
    /// The bearer of a token, or else the guest of <c>X-Basket-Id</c>. A token that does not hold is an error: a signed-in member must not
    /// be shown a guest's basket because the token has just expired.
    /// </summary>
    public static (BasketOwner? Owner, Problem? Problem) Of(HttpContext context)
    {
        if (context.User.Identity is { IsAuthenticated: true }) return (Member(context.User.MemberId()), null);
        if (context.Request.Headers.Authorization.Count > 0) return (null, Problem.Unauthorized("A valid bearer token is required."));
        return Guest(context.Request.Headers["X-Basket-Id"]) is { } guest
            ? (guest, null)
            : (null, Problem.BadRequest("Send a bearer token, or the header X-Basket-Id with a UUID."));
    }
}
