using System.Security.Cryptography;
using System.Text.Json;
using DaprShop.Common;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace DaprShop.Testing;

/// <summary>A signing key made for one test host, in place of those of the members service.</summary>
internal sealed class TestKeys
{
    private const string KeyId = "test-key";

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>The public half, as <c>/.well-known/jwks.json</c> serves it.</summary>
    public string Jwks
    {
        get
        {
            var point = _key.ExportParameters(includePrivateParameters: false).Q;
            var key = new
            {
                kty = "EC",
                use = "sig",
                alg = "ES256",
                crv = "P-256",
                kid = KeyId,
                x = Base64UrlEncoder.Encode(point.X),
                y = Base64UrlEncoder.Encode(point.Y),
            };
            return JsonSerializer.Serialize(new { keys = new[] { key } });
        }
    }

    public string Token(string subject, string role) => new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
    {
        Issuer = ShopAuth.Issuer,
        Audience = ShopAuth.Issuer,
        Claims = new Dictionary<string, object> { ["sub"] = subject, [ShopAuth.RoleClaim] = role },
        Expires = DateTime.UtcNow.AddMinutes(15),
        SigningCredentials = new SigningCredentials(new ECDsaSecurityKey(_key) { KeyId = KeyId }, SecurityAlgorithms.EcdsaSha256),
    });
}
