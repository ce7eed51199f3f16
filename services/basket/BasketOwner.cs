using System.Security.Claims;
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

    /// <summary>The bearer of a token, or else the guest of <c>X-Basket-Id</c>.</summary>
    public static (BasketOwner? Owner, Problem? Problem) Of(ClaimsPrincipal user, string? basketId)
    {
        if (user.Identity is { IsAuthenticated: true }) return (Member(user.MemberId()), null);
        return Guest(basketId) is { } guest
            ? (guest, null)
            : (null, Problem.BadRequest("Send a bearer token, or the header X-Basket-Id with a UUID."));
    }
}
