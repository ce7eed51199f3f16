using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace DaprShop.Members;

/// <summary>
/// One sign-in and the refresh tokens that descend from it: document <c>session/{id}</c>. Each token works once and is replaced; one that
/// comes back was stolen or copied, and the whole family ends (RFC 9700, section 4.14.2). Only replicas of one service, which hold the
/// same token for the same visitor, may be late: for a short while the token used last may ask again, and whichever of its replacements
/// is used first is the one that counts. Tokens are kept as hashes only.
/// </summary>
/// <param name="AccountKey">The account's <see cref="EmailAddress.Key"/>.</param>
/// <param name="PasswordVersion">Of the password that was given at sign-in.</param>
/// <param name="Live">Hashes of the replacements of the token used last, none of them used yet.</param>
/// <param name="Spent">Hash of the token used last.</param>
/// <param name="SpentAt">When it was used first.</param>
/// <param name="Revoked">Nothing works any more.</param>
public sealed record Session(
    string MemberId, string AccountKey, int PasswordVersion,
    IReadOnlyList<string> Live, DateTimeOffset ExpiresAt, string? Spent = null, DateTimeOffset? SpentAt = null, bool Revoked = false)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(30);
    /// <summary>How long a service's replicas may come with the token used last; anybody else, not at all.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    /// <summary>So many tokens can come of one.</summary>
    public const int MaxLive = 4;

    /// <summary>Uses up <paramref name="secret"/>. The outcome's session is to be saved whenever it differs from this one.</summary>
    /// <param name="secret">The secret part of the token presented.</param>
    /// <param name="next">The secret of its replacement.</param>
    /// <param name="now">The time.</param>
    /// <param name="grace">How long the token used last may come again: <see cref="Grace"/> or not at all.</param>
    /// <returns>The session afterwards, and whether <paramref name="next"/> was accepted into it.</returns>
    public (Session Session, bool Accepted) Rotate(string secret, string next, DateTimeOffset now, TimeSpan grace)
    {
        if (Revoked || now >= ExpiresAt) return (this, false);
        var hash = Hash(secret);
        if (Live.Contains(hash))
        {
            return (this with { Live = [Hash(next)], Spent = hash, SpentAt = now, ExpiresAt = now + Lifetime }, true);
        }
        if (hash == Spent && now - SpentAt < grace && Live.Count < MaxLive)
        {
            return (this with { Live = [.. Live, Hash(next)] }, true);
        }
        return (this with { Revoked = true, Live = [] }, false);
    }

    public static string Hash(string secret) => Convert.ToBase64String(SHA256.HashData(Encoding.ASCII.GetBytes(secret)));
}

/// <summary>What a client holds: <c>{session id}.{secret}</c>, 128 and 256 random bits in base64url.</summary>
public sealed record RefreshToken(string SessionId, string Secret)
{
    private const int IdLength = 22;
    private const int SecretLength = 43;

    public static RefreshToken Create() => Next(Random(16));

    /// <summary>Another token of the same session.</summary>
    public static RefreshToken Next(string sessionId) => new(sessionId, Random(32));

    public static bool TryParse(string? text, [NotNullWhen(true)] out RefreshToken? token)
    {
        token = text is { Length: IdLength + 1 + SecretLength } && text[IdLength] == '.' && Base64Url.IsValid(text.AsSpan(0, IdLength))
            ? new RefreshToken(text[..IdLength], text[(IdLength + 1)..])
            : null;
        return token is not null;
    }

    public string ToText() => $"{SessionId}.{Secret}";

    /// <summary>Tokens never print themselves.</summary>
    public override string ToString() => "(refresh token)";

    private static string Random(int bytes) => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(bytes));
}
