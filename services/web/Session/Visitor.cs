using Microsoft.AspNetCore.Authentication;

namespace DaprShop.Web.Session;

/// <summary>
/// Who makes this request: a member, whose tokens are in the encrypted session cookie, or a guest, who has a basket at most.
/// </summary>
public sealed class Visitor(IHttpContextAccessor accessor)
{
    private const string BasketCookie = "basket";

    private string? _newBasketId;

    private HttpContext Context => accessor.HttpContext ?? throw new InvalidOperationException("There is no request.");

    public bool IsMember => Context.User.Identity is { IsAuthenticated: true };

    public bool IsStaff => Context.User.IsInRole("staff");

    public string? MemberId => Context.User.FindFirst("sub")?.Value;

    public string? DisplayName => Context.User.Identity?.Name;

    /// <summary>The visitor's own address as the gateway saw it; members counts failed sign-ins by it.</summary>
    public string? Address => Context.Request.Headers["X-Forwarded-For"] is [.., { Length: > 0 } forwarded]
        ? forwarded
        : Context.Connection.RemoteIpAddress?.ToString();

    /// <summary>Of the guest basket, if there is one.</summary>
    public string? GuestBasketId => Guid.TryParse(Context.Request.Cookies[BasketCookie], out var id) ? id.ToString() : _newBasketId;

    public Task<string?> AccessTokenAsync() =>
        IsMember ? Context.GetTokenAsync(SessionCookie.Scheme, SessionCookie.AccessToken) : Task.FromResult<string?>(null);

    /// <summary>Gives a guest a basket to put things into; whoever knows its random id has the basket.</summary>
    public void EnsureBasket()
    {
        if (IsMember || GuestBasketId is not null) return;
        _newBasketId = Guid.NewGuid().ToString();
        Context.Response.Cookies.Append(BasketCookie, _newBasketId, Options(Context));
    }

    public void ForgetBasket() => Context.Response.Cookies.Delete(BasketCookie, Options(Context));

    private static CookieOptions Options(HttpContext context) => new()
    {
        HttpOnly = true,
        Secure = context.Request.IsHttps,
        SameSite = SameSiteMode.Lax,
        MaxAge = TimeSpan.FromDays(30),
        IsEssential = true,
    };
}
