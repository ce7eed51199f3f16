using System.Security.Claims;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Tokens;

namespace DaprShop.Common;

/// <summary>
/// Bearer tokens of the members service, checked in every service against its published keys (JWKS), which are fetched when
/// needed and fetched again when a token names a key not seen yet. See contracts/internal-api.md for the claims.
/// </summary>
public static class ShopAuth
{
    public const string Issuer = "daprshop";
    public const string StaffPolicy = "staff";
    public const string RoleClaim = "role";

    internal static readonly AuthorizationPolicy GuestsToo = new AuthorizationPolicyBuilder()
        .RequireAssertion(caller => caller.User.Identity is { IsAuthenticated: true }
            || caller.Resource is HttpContext { Request.Headers.Authorization.Count: 0 })
        .Build();

    internal static void AddShopAuth(this IServiceCollection services)
    {
        services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer();
        services.AddAuthorizationBuilder().AddPolicy(StaffPolicy, policy => policy.RequireClaim(RoleClaim, "staff"));
        services.TryAddSingleton<IDocumentRetriever, JwksOfMembers>();
        services.AddSingleton<SigningKeys>();
        services.AddSingleton<ValidatedTokens>();
        services.AddSingleton<IConfigureOptions<JwtBearerOptions>, ConfigureBearer>();
    }

    /// <summary>
    /// Guests may come too, but not with a token that does not hold: whoever was signed in must not be taken for a guest because the token
    /// has just expired.
    /// </summary>
    public static TBuilder AllowGuests<TBuilder>(this TBuilder endpoints) where TBuilder : IEndpointConventionBuilder =>
        endpoints.RequireAuthorization(GuestsToo);

    /// <summary>The id of the signed-in member.</summary>
    public static string MemberId(this ClaimsPrincipal user) =>
        user.FindFirstValue("sub") ?? throw new InvalidOperationException("The endpoint lacks RequireAuthorization().");

    public static bool IsStaff(this ClaimsPrincipal user) => user.HasClaim(RoleClaim, "staff");

    private sealed class ConfigureBearer(SigningKeys keys, ValidatedTokens tokens) : IConfigureNamedOptions<JwtBearerOptions>
    {
        public void Configure(JwtBearerOptions options) => Configure(JwtBearerDefaults.AuthenticationScheme, options);

        public void Configure(string? name, JwtBearerOptions options)
        {
            options.MapInboundClaims = false;
            options.ConfigurationManager = keys;
            options.TokenValidationParameters = new TokenValidationParameters
            {
                ValidIssuer = Issuer,
                ValidAudience = Issuer,
                ValidAlgorithms = [SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.RsaSha256],
                RequireExpirationTime = true,
                ClockSkew = TimeSpan.FromSeconds(5),
                NameClaimType = "sub",
                RoleClaimType = RoleClaim,
            };
            options.Events = new JwtBearerEvents { OnMessageReceived = RecallAsync, OnTokenValidated = tokens.Remember };
        }

        /// <summary>Without any key nothing can be said of a token: that is our trouble (503), not the caller's (401).</summary>
        private async Task RecallAsync(MessageReceivedContext context)
        {
            if (BearerToken(context.Request) is not { } token || tokens.TryRecall(token, context)) return;
            try
            {
                await keys.GetConfigurationAsync(context.HttpContext.RequestAborted);
            }
            catch (Exception error) when (!context.HttpContext.RequestAborted.IsCancellationRequested)
            {
                throw new PeerUnavailableException("members", error);
            }
        }
    }

    private sealed class JwksOfMembers(Peers peers) : IDocumentRetriever
    {
        private readonly HttpClient _members = peers.Client("members", TimeSpan.FromSeconds(3));

        public Task<string> GetDocumentAsync(string address, CancellationToken cancel) => _members.GetStringAsync(address, cancel);
    }

    /// <summary>
    /// A signature is not checked at every request: the principal is kept until the token expires, but no longer than keys are, so that
    /// who signs with a key that is withdrawn does not stay in, whatever expiry is in the token.
    /// </summary>
    private sealed class ValidatedTokens(TimeProvider time) : IDisposable
    {
        private readonly MemoryCache _principals = new(new MemoryCacheOptions { SizeLimit = 10_000 });

        public bool TryRecall(string token, MessageReceivedContext context)
        {
            if (!_principals.TryGetValue(token, out (ClaimsPrincipal Principal, DateTimeOffset Expires) known)
                || known.Expires <= time.GetUtcNow()) return false;
            context.Principal = known.Principal;
            context.Success();
            return true;
        }

        public Task Remember(TokenValidatedContext context)
        {
            if (BearerToken(context.Request) is { } token)
            {
                var (ends, checkedAnew) = (new DateTimeOffset(context.SecurityToken.ValidTo, TimeSpan.Zero), time.GetUtcNow() + SigningKeys.Age);
                var expires = ends < checkedAnew ? ends : checkedAnew;
                _principals.Set(token, (context.Principal!, expires), new MemoryCacheEntryOptions { Size = 1, AbsoluteExpiration = expires });
            }
            return Task.CompletedTask;
        }

        public void Dispose() => _principals.Dispose();
    }

    private static string? BearerToken(HttpRequest request) =>
        request.Headers.Authorization is [{ } value] && value.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
            ? value["Bearer ".Length..].Trim()
            : null;
}
