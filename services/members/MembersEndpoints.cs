using System.Security.Claims;
using DaprShop.Common;
using DaprShop.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DaprShop.Members;

/// <summary><c>POST /api/members</c>.</summary>
public sealed record SignUp(string? Email = null, string? Password = null, string? DisplayName = null);

public sealed record SignedUp(string Id, string Email, string DisplayName);

/// <summary><c>POST /api/members/token</c>: e-mail address and password, or a refresh token.</summary>
public sealed record TokenRequest(string? Email = null, string? Password = null, string? RefreshToken = null);

/// <summary><c>GET /api/members/me</c>.</summary>
public sealed record Profile(string Id, string Email, string DisplayName, string Locale, string Role)
{
    public static Profile Of(Member member) => new(member.Id, member.Email, member.DisplayName, member.Locale, member.Role);
}

/// <summary><c>PATCH /api/members/me</c>; what is left out stays.</summary>
public sealed record ProfileChange(string? DisplayName = null, string? Locale = null);

/// <summary>Sign-up, tokens, the member's own data, public keys, and what other services may ask.</summary>
public static class MembersEndpoints
{
    private const int MaxDisplayName = 80;

    private static readonly TimeSpan s_keysAge = TimeSpan.FromMinutes(5);

    public static void MapMembers(this WebApplication app)
    {
        app.MapPost("/api/members", SignUpAsync).AddEndpointFilter(TurnAwayWhenBusy).Refuses(409);
        app.MapPost("/api/members/token", TokenAsync).AddEndpointFilter(TurnAwayWhenBusy).Refuses(401, 429);

        var me = app.MapGroup("/api/members/me").RequireAuthorization().Refuses(404);
        me.MapGet("", ProfileAsync);
        me.MapPatch("", ChangeProfileAsync);

        app.MapGet("/.well-known/jwks.json", Jwks).Produces<JsonWebKeys>();
        app.MapGet("/internal/members/{id}", ContactAsync).Refuses(404);
    }

    private static async ValueTask<object?> TurnAwayWhenBusy(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (BusyException)
        {
            return Problem.Unavailable("Too many sign-ins at once; try again.");
        }
    }

    private static async Task<Results<Created<SignedUp>, Problem>> SignUpAsync(
        SignUp signUp, MemberStore members, Passwords passwords, CancellationToken cancellation)
    {
        var invalid = new Validation()
            .Check(EmailAddress.TryParse(signUp.Email, out var email), "email", "Must be an e-mail address.")
            .Check(signUp.Password is { Length: >= Passwords.MinLength and <= Passwords.MaxLength }, "password",
                $"Must have {Passwords.MinLength} to {Passwords.MaxLength} characters.")
            .Text(signUp.DisplayName, "displayName", MaxDisplayName)
            .Problem;
        if (invalid is not null) return invalid;

        var taken = Problem.Conflict("This e-mail address is taken.");
        // Asked first, so that a taken address costs no hash.
        if ((await members.AccountAsync(email!, cancellation)).Value is not null) return taken;
        using var place = passwords.Enter();
        var hash = await place.HashAsync(signUp.Password!, cancellation);
        return await members.RegisterAsync(email!, signUp.DisplayName!.Trim(), Roles.Member, hash, cancellation) is { } member
            ? TypedResults.Created("/api/members/me", new SignedUp(member.Id, member.Email, member.DisplayName))
            : taken;
    }

    private static async Task<Results<Ok<Tokens>, Problem>> TokenAsync(
        TokenRequest request, SignIn signIn, HttpContext context, CancellationToken cancellation)
    {
        context.Response.Headers.CacheControl = "no-store";
        switch (request)
        {
            case { RefreshToken: { } refreshToken, Email: null, Password: null }:
                var grace = ClientAddress.IsService(context.Request) ? Session.Grace : TimeSpan.Zero;
                return await signIn.WithRefreshTokenAsync(refreshToken, grace, cancellation) is { } refreshed
                    ? TypedResults.Ok(refreshed)
                    : Problem.Unauthorized("The refresh token is not valid; sign in again.");
            case { RefreshToken: null, Email: { } email, Password: { Length: <= Passwords.MaxLength } password }:
                var (tokens, refusal) = await signIn.WithPasswordAsync(email, password, ClientAddress.Key(context), cancellation);
                if (tokens is not null) return TypedResults.Ok(tokens);
                return refusal!.Wait > TimeSpan.Zero
                    ? Problem.TooMany(refusal.Wait)
                    : Problem.Unauthorized("E-mail address or password is wrong.");
            default:
                return new Validation()
                    .Check(request.RefreshToken is null, "refreshToken", "Send it alone, or email and password.")
                    .Check(request.Email is not null, "email", "Required, unless there is a refreshToken.")
                    .Check(
                        request.Password is { Length: <= Passwords.MaxLength }, "password",
                        $"Required, unless there is a refreshToken: at most {Passwords.MaxLength} characters.")
                    .Problem!;
        }
    }

    private static async Task<Results<Ok<Profile>, Problem>> ProfileAsync(
        ClaimsPrincipal user, MemberStore members, CancellationToken cancellation) =>
        await members.FindAsync(user.MemberId(), cancellation) is { } member ? TypedResults.Ok(Profile.Of(member)) : Gone();

    private static async Task<Results<Ok<Profile>, Problem>> ChangeProfileAsync(
        ProfileChange change, ClaimsPrincipal user, MemberStore members, CancellationToken cancellation)
    {
        string? locale = null;
        var validation = new Validation().Check(
            change.Locale is null || Locale.TryNormalize(change.Locale, out locale),
            "locale", "Must be a language tag such as en or pt-BR.");
        if (change.DisplayName is not null) validation.Text(change.DisplayName, "displayName", MaxDisplayName);
        if (validation.Problem is { } invalid) return invalid;

        var changed = await members.ChangeAsync(
            user.MemberId(),
            member => member with { DisplayName = change.DisplayName?.Trim() ?? member.DisplayName, Locale = locale ?? member.Locale },
            cancellation);
        return changed is not null ? TypedResults.Ok(Profile.Of(changed)) : Gone();
    }

    private static ContentHttpResult Jwks(SigningKeys keys, HttpResponse response)
    {
        response.Headers.CacheControl = $"public, max-age={(int)s_keysAge.TotalSeconds}";
        return TypedResults.Text(keys.Jwks, "application/json");
    }

    private static async Task<Results<Ok<MemberContact>, Problem>> ContactAsync(
        string id, MemberStore members, CancellationToken cancellation) =>
        await members.FindAsync(id, cancellation) is { } member
            ? TypedResults.Ok(new MemberContact(member.Id, member.Email, member.DisplayName, member.Locale))
            : Gone();

    private static Problem Gone() => Problem.NotFound("There is no such member.");
}
