using DaprShop.Common;

namespace DaprShop.Members;

/// <summary>What a client gets for a password or a refresh token.</summary>
/// <param name="ExpiresIn">Seconds.</param>
public sealed record Tokens(string AccessToken, string TokenType, int ExpiresIn, string RefreshToken);

/// <summary>Why it gets nothing: wait this long, or, when zero, the password or token is wrong.</summary>
public sealed record Refusal(TimeSpan Wait)
{
    public static Refusal Wrong { get; } = new(TimeSpan.Zero);
}

/// <summary>Signs members in and keeps them signed in. Three calls for a sign-in, three for a refresh.</summary>
/// <remarks>
/// Configuration: <c>SignIn:FreeFailures:Account</c> and <c>SignIn:FreeFailures:Address</c>, how many failures in a row cost nothing.
/// </remarks>
public sealed class SignIn(
    StateStore store, Passwords passwords, AccessTokens accessTokens, IConfiguration configuration, TimeProvider time) : IDisposable
{
    private readonly int _freeOfAccount = configuration.GetValue("SignIn:FreeFailures:Account", AccountThrottle.FreeFailures);
    private readonly int _freeOfAddress = configuration.GetValue("SignIn:FreeFailures:Address", AddressThrottle.FreeFailures);

    /// <summary>Attempts on one account take turns, so that a member's many devices are not taken for many guesses.</summary>
    private readonly SemaphoreSlim[] _turns = [.. Enumerable.Range(0, 64).Select(_ => new SemaphoreSlim(1, 1))];

    /// <summary>
    /// The attempt is counted before the password is looked at, so that many at once cannot slip past the count, and is taken back in the
    /// transaction that starts the session. An unknown address takes the same way, and as long, as a wrong password.
    /// </summary>
    /// <returns>Either tokens or a refusal.</returns>
    public async Task<(Tokens? Tokens, Refusal? Refusal)> WithPasswordAsync(
        string email, string password, string clientAddress, CancellationToken cancellation)
    {
        var accountKey = EmailAddress.KeyOf(email);
        var turn = _turns[(uint)string.GetHashCode(accountKey, StringComparison.Ordinal) % _turns.Length];
        await turn.WaitAsync(cancellation);
        try
        {
            return await AttemptAsync(accountKey, password, clientAddress, cancellation);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Rotates a refresh token; see <see cref="Session"/>. Null when it is not, or no longer, good for anything.</summary>
    /// <param name="text">The token.</param>
    /// <param name="grace">See <see cref="Session.Rotate"/>.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<Tokens?> WithRefreshTokenAsync(string text, TimeSpan grace, CancellationToken cancellation)
    {
        if (!RefreshToken.TryParse(text, out var presented)) return null;
        var next = RefreshToken.Next(presented.SessionId);
        var rotated = await Optimistic.RetryAsync(async () =>
        {
            var (session, etag) = await store.GetAsync<Session>(SessionKey(presented.SessionId), cancellation);
            if (session is null) return new Rotation(null);
            var (after, accepted) = session.Rotate(presented.Secret, next.Secret, time.GetUtcNow(), grace);
            var saved = after == session
                || await store.TrySaveAsync(SessionKey(presented.SessionId), after, etag, Session.Lifetime, cancellation);
            return saved ? new Rotation(accepted ? after : null) : null;
        });
        if (rotated.Accepted is not { } accepted) return null;
        var account = (await store.GetAsync<Account>(MemberStore.AccountKey(accepted.AccountKey), cancellation)).Value;
        return account is not null && account.PasswordVersion == accepted.PasswordVersion ? Grant(account, next) : null;
    }

    public void Dispose()
    {
        foreach (var turn in _turns) turn.Dispose();
    }

    private async Task<(Tokens? Tokens, Refusal? Refusal)> AttemptAsync(
        string accountKey, string password, string clientAddress, CancellationToken cancellation)
    {
        var attempt = await Optimistic.RetryAsync(() => BeginAsync(accountKey, clientAddress, cancellation));
        if (attempt.Wait > TimeSpan.Zero) return (null, new Refusal(attempt.Wait));

        if (!await passwords.VerifyAsync(attempt.Account?.PasswordHash, password, cancellation))
        {
            await CountAgainstAsync(clientAddress, cancellation);
            return (null, Refusal.Wrong);
        }

        var account = attempt.Account!;
        var token = RefreshToken.Create();
        var session = new Session(
            account.MemberId, accountKey, account.PasswordVersion, [Session.Hash(token.Secret)], time.GetUtcNow() + Session.Lifetime);
        var cleared = attempt.Throttle.Succeed(clientAddress);
        var started = await store.TryCommitAsync(
            [
                store.Write(SessionKey(token.SessionId), session, etag: "", Session.Lifetime),
                store.Write(ThrottleKey(accountKey), cleared, etag: null, cleared.KeepFor),
            ],
            cancellation);
        return started ? (Grant(account, token), null) : throw new ContendedException();
    }

    private async Task<Attempt?> BeginAsync(string account, string clientAddress, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var documents = await store.GetManyAsync(
            [MemberStore.AccountKey(account), ThrottleKey(account), AddressKey(clientAddress)], cancellation);
        var (kept, etag) = documents.Get<AccountThrottle>(ThrottleKey(account));
        var throttle = kept ?? AccountThrottle.None;
        var wait = Longer(
            throttle.Wait(clientAddress, now, _freeOfAccount),
            (documents.Get<AddressThrottle>(AddressKey(clientAddress)).Value ?? AddressThrottle.None).Wait(now, _freeOfAddress));
        if (wait > TimeSpan.Zero) return new Attempt(wait, null, throttle);

        var counted = throttle.Attempt(clientAddress, now);
        return await store.TrySaveAsync(ThrottleKey(account), counted, etag, counted.KeepFor, cancellation)
            ? new Attempt(TimeSpan.Zero, documents.Get<Account>(MemberStore.AccountKey(account)).Value, counted)
            : null;
    }

    private Task<AddressThrottle> CountAgainstAsync(string clientAddress, CancellationToken cancellation) =>
        Optimistic.RetryAsync(async () =>
        {
            var (throttle, etag) = await store.GetAsync<AddressThrottle>(AddressKey(clientAddress), cancellation);
            var counted = (throttle ?? AddressThrottle.None).Fail(time.GetUtcNow());
            var saved = await store.TrySaveAsync(AddressKey(clientAddress), counted, etag, AddressThrottle.KeepFor, cancellation);
            return saved ? counted : null;
        });

    private Tokens Grant(Account account, RefreshToken token) => new(
        accessTokens.Create(account.MemberId, account.Role), "Bearer", (int)AccessTokens.Lifetime.TotalSeconds, token.ToText());

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private static string ThrottleKey(string key) => $"throttle/account/{key}";

    private static string AddressKey(string address) => $"throttle/address/{address}";

    private static string SessionKey(string id) => $"session/{id}";

    private sealed record Attempt(TimeSpan Wait, Account? Account, AccountThrottle Throttle);

    private sealed record Rotation(Session? Accepted);
}
