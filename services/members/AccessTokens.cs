using System.Security.Claims;
using DaprShop.Common;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace DaprShop.Members;

/// <summary>Access tokens as contracts/internal-api.md has them.</summary>
public sealed class AccessTokens(SigningKeys keys, TimeProvider time)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(15);

    private static readonly JsonWebTokenHandler s_handler = new() { SetDefaultTimesOnTokenCreation = false };

    public string Create(string memberId, string role)
    {
        var now = time.GetUtcNow().UtcDateTime;
        return s_handler.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = ShopAuth.Issuer,
            Audience = ShopAuth.Issuer,
            IssuedAt = now,
            Expires = now + Lifetime,
            Subject = new ClaimsIdentity([new("sub", memberId), new(ShopAuth.RoleClaim, role)]),
            SigningCredentials = keys.Signer,
        });
    }
}
