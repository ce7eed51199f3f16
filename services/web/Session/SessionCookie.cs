using System.Security.Claims;
using DaprShop.Web.Api;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;

namespace DaprShop.Web.Session;

/// <summary>
/// The signed-in state: a cookie that only this service can read (Data Protection), with the member's tokens in it. Nothing is kept on the
/// server, so any replica can serve any request. The access token is renewed shortly before it expires.
/// </summary>
public static class SessionCookie
{
    public const string Scheme = "session";
    public const string AccessToken = "access_token";
    private const string RefreshToken = "refresh_token";
    private const string ExpiresAt = "expires_at";

    private static readonly TimeSpan s_renewBefore = TimeSpan.FromMinutes(1);

    public static void AddSessionCookie(this IServiceCollection services)
    {
        services.AddSingleton<TokenRenewal>();
        services.AddAuthentication(Scheme).AddCookie(Scheme, options =>
        {
            options.Cookie.Name = "session";
            options.Cookie.HttpOnly = true;
            options.Cookie.SameSite = SameSiteMode.Lax;
            options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
            options.ExpireTimeSpan = TimeSpan.FromDays(30);
            options.LoginPath = "/sign-in";
            options.ReturnUrlParameter = "returnUrl";
            options.Events.OnValidatePrincipal = RenewAsync;
            // Within this site, whatever Host the request named.
            options.Events.OnRedirectToLogin = context =>
            {
                var here = context.Request.Path + context.Request.QueryString;
                context.Response.Redirect(options.LoginPath + QueryString.Create(options.ReturnUrlParameter, here));
                return Task.CompletedTask;
            };
            options.Events.OnRedirectToAccessDenied = context =>
            {
                context.Response.StatusCode = StatusCodes.Status403Forbidden;
                return Task.CompletedTask;
            };
        });
        services.AddOptions<CookieAuthenticationOptions>(Scheme).Configure<TimeProvider>((options, time) => options.TimeProvider = time);
    }

    public static Task SignInAsync(HttpContext context, TokenPair tokens, ProfileView profile)
    {
        var identity = new ClaimsIdentity(
            [new("sub", profile.Id), new("name", profile.DisplayName), new("role", profile.Role)],
            Scheme, nameType: "name", roleType: "role");
        var properties = new AuthenticationProperties { IsPersistent = true };
        Store(properties, tokens, Now(context));
        return context.SignInAsync(Scheme, new ClaimsPrincipal(identity), properties);
    }

    private static async Task RenewAsync(CookieValidatePrincipalContext context)
    {
        var now = Now(context.HttpContext);
        var valid = DateTimeOffset.TryParse(context.Properties.GetTokenValue(ExpiresAt), out var expires);
        if (valid && now < expires - s_renewBefore) return;

        var renewal = context.HttpContext.RequestServices.GetRequiredService<TokenRenewal>();
        var renewed = await renewal.RenewAsync(context.Properties.GetTokenValue(RefreshToken) ?? "");
        if (renewed is { Value: { } tokens })
        {
            Store(context.Properties, tokens, now);
            context.ShouldRenew = true;
        }
        else if (!renewed.IsAway || now >= expires)
        {
            // Refused: the session is over. Away with a token that has expired: nothing works until the next try, so be a guest this once.
            context.RejectPrincipal();
            if (!renewed.IsAway) await context.HttpContext.SignOutAsync(Scheme);
        }
    }

    private static void Store(AuthenticationProperties properties, TokenPair tokens, DateTimeOffset now) => properties.StoreTokens(
    [
        new() { Name = AccessToken, Value = tokens.AccessToken },
        new() { Name = RefreshToken, Value = tokens.RefreshToken },
        new() { Name = ExpiresAt, Value = now.AddSeconds(tokens.ExpiresIn).ToString("O") },
    ]);

    private static DateTimeOffset Now(HttpContext context) => context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();
}
