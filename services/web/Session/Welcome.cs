using DaprShop.Web.Api;

namespace DaprShop.Web.Session;

/// <summary>Signing in: tokens, the session cookie, and the guest's basket into the member's.</summary>
public sealed class Welcome(MembersClient members, BasketClient basket, Visitor visitor, IHttpContextAccessor accessor)
{
    /// <summary>Why it was refused, or null: then the answer carries the session cookie.</summary>
    public async Task<Refusal?> InAsync(string email, string password)
    {
        var tokens = await members.TokenAsync(email, password);
        if (tokens.Value is null) return tokens.Refusal;
        var profile = await members.ProfileAsync(tokens.Value.AccessToken);
        if (profile.Value is null) return profile.Refusal;
        await SessionCookie.SignInAsync(accessor.HttpContext!, tokens.Value, profile.Value);

        // If the basket is away now, the basket page merges later: the cookie stays.
        if (visitor.GuestBasketId is { } guest && (await basket.MergeAsync(guest, tokens.Value.AccessToken)).Refusal is null)
            visitor.ForgetBasket();
        return null;
    }
}
