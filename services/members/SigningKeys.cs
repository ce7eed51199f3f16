using System.Buffers.Text;
using System.Security.Cryptography;
using DaprShop.Common;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Tokens;

namespace DaprShop.Members;

/// <summary>
/// This replica's view of the key ring. Replicas agree through the document: whoever advances it first wins, and the others take over what
/// it wrote. Refreshed much more often than a key is published ahead, so that every replica publishes a key long before any signs with it.
/// </summary>
public sealed class SigningKeys(StateStore store, KeyProtection protection, KeyTimes times, TimeProvider time) : IDocumentRetriever
{
    private const string Document = "keys";

    private volatile Published? _published;

    /// <summary>The JSON Web Key Set; null before the first <see cref="RefreshAsync"/>.</summary>
    public string? Jwks => _published?.Jwks;

    /// <summary>What signs now.</summary>
    /// <exception cref="InvalidOperationException">Before the first <see cref="RefreshAsync"/>.</exception>
    public SigningCredentials Signer => Current().Credentials(Current().Ring.Signer(time.GetUtcNow())!);

    /// <summary>Reads the ring, advances it when it is time to, and publishes it. One call, two when it changes.</summary>
    public async Task RefreshAsync(CancellationToken cancellation)
    {
        var ring = await Optimistic.RetryAsync(async () =>
        {
            var (kept, etag) = await store.GetAsync<KeyRing>(Document, cancellation);
            var ring = (kept ?? KeyRing.Empty).Advance(times, Create, key => Open(key) is not null, time.GetUtcNow());
            return ReferenceEquals(ring, kept) || await store.TrySaveAsync(Document, ring, etag, cancellation: cancellation) ? ring : null;
        });
        if (_published is null || !ring.Keys.SequenceEqual(_published.Ring.Keys)) _published = Publish(ring);
    }

    /// <summary>This service checks tokens with its own keys, not through its sidecar.</summary>
    Task<string> IDocumentRetriever.GetDocumentAsync(string address, CancellationToken cancel) => Task.FromResult(Current().Jwks);

    private Published Current() => _published ?? throw new InvalidOperationException("The signing keys are not loaded yet.");

    private SigningKey Create(DateTimeOffset signsFrom)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var numbers = key.ExportParameters(includePrivateParameters: true);
        var kid = Guid.CreateVersion7(time.GetUtcNow()).ToString();
        var (x, y) = (Base64Url.EncodeToString(numbers.Q.X), Base64Url.EncodeToString(numbers.Q.Y));
        return new SigningKey(kid, signsFrom, x, y, protection.Protect(numbers.D!, kid));
    }

    private JsonWebKey? Open(SigningKey key) => protection.Unprotect(key.D, key.Kid) is { } secret
        ? new JsonWebKey
        {
            Kty = JsonWebAlgorithmsKeyTypes.EllipticCurve,
            Crv = JsonWebKeyECTypes.P256,
            Kid = key.Kid,
            X = key.X,
            Y = key.Y,
            D = Base64Url.EncodeToString(secret),
        }
        : null;

    private Published Publish(KeyRing ring)
    {
        var credentials = ring.Keys
            .Select(Open)
            .OfType<JsonWebKey>()
            .ToDictionary(key => key.Kid, key => new SigningCredentials(key, SecurityAlgorithms.EcdsaSha256));
        var keys = new JsonWebKeys([.. ring.Keys.Select(key => new PublicKey("EC", "P-256", "sig", "ES256", key.Kid, key.X, key.Y))]);
        return new Published(ring, System.Text.Json.JsonSerializer.Serialize(keys, MembersJson.Default.JsonWebKeys), credentials);
    }

    private sealed record Published(KeyRing Ring, string Jwks, Dictionary<string, SigningCredentials> Signers)
    {
        public SigningCredentials Credentials(SigningKey key) => Signers[key.Kid];
    }
}

/// <summary>RFC 7517 as this service publishes it.</summary>
public sealed record JsonWebKeys(IReadOnlyList<PublicKey> Keys);

public sealed record PublicKey(string Kty, string Crv, string Use, string Alg, string Kid, string X, string Y);
