using DaprShop.Common;

namespace DaprShop.Members;

/// <summary>How long keys live.</summary>
/// <param name="Rotation">How long a key signs.</param>
/// <param name="PublishAhead">How long a key is published before it signs: longer than anyone keeps the published keys.</param>
public sealed record KeyTimes(TimeSpan Rotation, TimeSpan PublishAhead)
{
    /// <summary>How long after its last signature a key is still published: as long as a token lives, and a margin for clocks.</summary>
    public static readonly TimeSpan PublishAfter = AccessTokens.Lifetime + TimeSpan.FromHours(1);

    /// <summary><c>Keys:Rotation</c> (30 days) and <c>Keys:PublishAhead</c> (an hour; services ask for the keys every 5 minutes).</summary>
    /// <exception cref="InvalidOperationException">They do not fit together.</exception>
    public static KeyTimes From(IConfiguration configuration)
    {
        var times = new KeyTimes(
            configuration.GetValue("Keys:Rotation", TimeSpan.FromDays(30)),
            configuration.GetValue("Keys:PublishAhead", TimeSpan.FromHours(1)));
        return times.PublishAhead > TimeSpan.Zero && times.PublishAhead < times.Rotation
            ? times
            : throw new InvalidOperationException("Keys:PublishAhead must be positive and shorter than Keys:Rotation.");
    }
}

/// <summary>A P-256 key.</summary>
/// <param name="Kid">Its name in tokens.</param>
/// <param name="SignsFrom">When it takes over from the one before it.</param>
/// <param name="X">Public, base64url.</param>
/// <param name="Y">Public, base64url.</param>
/// <param name="D">Private, as <see cref="KeyProtection"/> wrote it.</param>
public sealed record SigningKey(string Kid, DateTimeOffset SignsFrom, string X, string Y, string D);

/// <summary>The keys that sign access tokens, oldest first: document <c>keys</c>. Those in it are published; one of them signs.</summary>
public sealed record KeyRing(IReadOnlyList<SigningKey> Keys)
{
    public static KeyRing Empty { get; } = new([]);

    /// <summary>The key that signs at <paramref name="now"/>: for a clock that is behind the one that made the first key, that key.</summary>
    public SigningKey? Signer(DateTimeOffset now) => Keys.LastOrDefault(key => key.SignsFrom <= now) ?? (Keys is [var first, ..] ? first : null);

    /// <summary>
    /// The ring as it should be at <paramref name="now"/>: a successor in time, and no key longer than its tokens live. The very first key
    /// signs at once, there being no older one that anybody could know.
    /// </summary>
    /// <param name="times">How long keys live.</param>
    /// <param name="create">Makes a key that signs from the given time.</param>
    /// <param name="usable">Whether the private part can be read; a signer that cannot is replaced at once.</param>
    /// <param name="now">The time.</param>
    /// <returns>This very ring when nothing is to be done.</returns>
    public KeyRing Advance(KeyTimes times, Func<DateTimeOffset, SigningKey> create, Predicate<SigningKey> usable, DateTimeOffset now)
    {
        var published = Keys.Where((_, at) => at == Keys.Count - 1 || Keys[at + 1].SignsFrom + KeyTimes.PublishAfter > now).ToList();
        if (Signer(now) is not { } signer || !usable(signer))
        {
            return new KeyRing([.. published.Where(key => key.SignsFrom <= now), create(now)]);
        }
        var due = published[^1].SignsFrom + times.Rotation;
        if (due - times.PublishAhead <= now) published.Add(create(Later(due, now + times.PublishAhead)));
        return published.Count == Keys.Count && published[^1] == Keys[^1] ? this : new KeyRing(published);
    }

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;
}
