using DaprShop.Common;
using Microsoft.AspNetCore.Identity;

namespace DaprShop.Members;

/// <summary>What a client gets for a password or a refresh token.</summary>
/// <param name="ExpiresIn">Seconds.</param>
public sealed record Tokens(string AccessToken, string TokenType, int ExpiresIn, string RefreshToken);

/// <summary>Why it gets nothing: wait this long, or, when zero, the password or token is wrong.</summary>
public sealed record Refusal(TimeSpan Wait)
{
    public static Refusal Wrong { get; } = new(TimeSpan.Zero);
}

/// <summary>Signs members in and keeps them signed in. Four calls for a sign-in, three for a refresh.</summary>
/// <remarks>
/// Configuration: <c>SignIn:FreeFailures:Account</c> and <c>SignIn:FreeFailures:Address</c>, how many failures in a row cost nothing.
/// </remarks>
public sealed class SignIn(
    StateStore store, Passwords passwords, AccessTokens accessTokens, IConfiguration configuration, TimeProvider time) : IDisposable
{
    private readonly int _freeOfAccount = configuration.GetValue("SignIn:FreeFailures:Account", AccountThrottle.FreeFailures);
    private readonly int _freeOfAddress = configuration.GetValue("SignIn:FreeFailures:Address", AddressThrottle.FreeFailures);

    /// <summary>Attempts take turns, so that many devices of a member, or members behind one address, are not taken for guesses.</summary>
    private readonly Turns _ofAccount = new(), _ofAddress = new();

    /// <summary>
    /// The attempt is counted before the password is looked at, so that many at once cannot slip past the count, and is taken back in the
    /// transaction that starts the session. An unknown address takes the same way, and as long, as a wrong password.
    /// </summary>
    /// <returns>Either tokens or a refusal.</returns>
    /// <exception cref="BusyException">Too many are waiting; nothing was counted.</exception>
    public async Task<(Tokens? Tokens, Refusal? Refusal)> WithPasswordAsync(
        string email, string password, string clientAddress, CancellationToken cancellation)
    {
        var guess = new Guess(EmailAddress.KeyOf(email), clientAddress);
        // The address first: many guesses from one wait for each other before they keep accounts waiting.
        using var addressTurn = await _ofAddress.TakeAsync(guess.ClientAddress, cancellation);
        using var accountTurn = await _ofAccount.TakeAsync(guess.AccountKey, cancellation);
        using var place = passwords.Enter();

        var attempt = await Optimistic.RetryAsync(() => BeginAsync(guess, cancellation));
        if (attempt.Wait > TimeSpan.Zero) return (null, new Refusal(attempt.Wait));

        var (account, etag) = attempt.Account;
        var verdict = await place.VerifyAsync(account?.PasswordHash, password, cancellation);
        if (verdict is PasswordVerificationResult.Failed) return (null, Refusal.Wrong);

        if (verdict is PasswordVerificationResult.SuccessRehashNeeded)
        {
            // Of an account that somebody changes meanwhile, the hash is theirs.
            var stronger = account! with { PasswordHash = await place.HashAsync(password, cancellation) };
            await store.TrySaveAsync(MemberStore.AccountKey(guess.AccountKey), stronger, etag, cancellation: cancellation);
        }
        return (await Optimistic.RetryAsync(() => StartAsync(guess, attempt, cancellation)), null);
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
        _ofAccount.Dispose();
        _ofAddress.Dispose();
    }

    private async Task<Attempt?> BeginAsync(Guess guess, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var accountKey = MemberStore.AccountKey(guess.AccountKey);
        var documents = await store.GetManyAsync([accountKey, guess.AccountThrottle, guess.AddressThrottle], cancellation);
        var (ofAccount, accountETag) = documents.Get<AccountThrottle>(guess.AccountThrottle);
        var (ofAddress, addressETag) = documents.Get<AddressThrottle>(guess.AddressThrottle);
        ofAccount ??= AccountThrottle.None;
        ofAddress ??= AddressThrottle.None;
        var wait = Longer(ofAccount.Wait(guess.ClientAddress, now, _freeOfAccount), ofAddress.Wait(now, _freeOfAddress));
        if (wait > TimeSpan.Zero) return new Attempt(wait);

        var (counted, countedOfAddress) = (ofAccount.Attempt(guess.ClientAddress, now), ofAddress.Attempt(now));
        var saved = await store.TryCommitAsync(
            [
                store.Write(guess.AccountThrottle, counted, accountETag, counted.KeepFor),
                store.Write(guess.AddressThrottle, countedOfAddress, addressETag, AddressThrottle.KeepFor),
            ],
            cancellation);
        return saved ? new Attempt(TimeSpan.Zero, documents.Get<Account>(accountKey), ofAddress, countedOfAddress) : null;
    }

    private async Task<Tokens?> StartAsync(Guess guess, Attempt attempt, CancellationToken cancellation)
    {
        var account = attempt.Account.Value!;
        var token = RefreshToken.Create();
        var session = new Session(
            account.MemberId, guess.AccountKey, account.PasswordVersion, [Session.Hash(token.Secret)], time.GetUtcNow() + Session.Lifetime);
        var documents = await store.GetManyAsync([guess.AccountThrottle, guess.AddressThrottle], cancellation);
        var (ofAccount, accountETag) = documents.Get<AccountThrottle>(guess.AccountThrottle);
        var (ofAddress, addressETag) = documents.Get<AddressThrottle>(guess.AddressThrottle);
        var cleared = (ofAccount ?? AccountThrottle.None).Succeed(guess.ClientAddress);
        var forgiven = (ofAddress ?? AddressThrottle.None).TakeBack(attempt.Counted!, attempt.Before!);
        var started = await store.TryCommitAsync(
            [
                store.Write(SessionKey(token.SessionId), session, etag: "", Session.Lifetime),
                store.Write(guess.AccountThrottle, cleared, accountETag, cleared.KeepFor),
                store.Write(guess.AddressThrottle, forgiven, addressETag, AddressThrottle.KeepFor),
            ],
            cancellation);
        return started ? Grant(account, token) : null;
    }

    private Tokens Grant(Account account, RefreshToken token) => new(
        accessTokens.Create(account.MemberId, account.Role), "Bearer", (int)AccessTokens.Lifetime.TotalSeconds, token.ToText());

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private static string SessionKey(string id) => $"session/{id}";

    /// <param name="ClientAddress">See <see cref="Members.ClientAddress.Key"/>.</param>
    private sealed record Guess(string AccountKey, string ClientAddress)
    {
        public string AccountThrottle => $"throttle/account/{AccountKey}";

        public string AddressThrottle => $"throttle/address/{ClientAddress}";
    }

    /// <param name="Wait">How long before there can be one; the rest is of one that there is.</param>
    /// <param name="Account">As it was read.</param>
    /// <param name="Before">The failures of the address without it.</param>
    /// <param name="Counted">And with it.</param>
    private sealed record Attempt(
        TimeSpan Wait, Versioned<Account> Account = default, AddressThrottle? Before = null, AddressThrottle? Counted = null);

    private sealed record Rotation(Session? Accepted);
}
