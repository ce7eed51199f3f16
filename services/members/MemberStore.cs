using Dapr.Client;
using DaprShop.Common;
using DaprShop.Contracts;

namespace DaprShop.Members;

/// <summary>Profiles, accounts and addresses in the members store.</summary>
public sealed class MemberStore(StateStore store, Registrations registrations, TimeProvider time)
{
    /// <param name="emailKey">See <see cref="EmailAddress.Key"/>.</param>
    public static string AccountKey(string emailKey) => $"account/{emailKey}";

    public async Task<Member?> FindAsync(string memberId, CancellationToken cancellation) =>
        (await store.GetAsync<Member>(MemberKey(memberId), cancellation)).Value;

    public Task<Versioned<Account>> AccountAsync(EmailAddress email, CancellationToken cancellation) =>
        store.GetAsync<Account>(AccountKey(email.Key), cancellation);

    public Task<bool> TrySaveAccountAsync(EmailAddress email, Account account, string etag, CancellationToken cancellation) =>
        store.TrySaveAsync(AccountKey(email.Key), account, etag, cancellation: cancellation);

    /// <summary>
    /// Makes account, profile and the event to tell in one transaction. Null when the address has an account. Two calls. Of two that
    /// register one address at the same time, one is refused, reads the other's account, and gives up.
    /// </summary>
    /// <param name="email">Whose it is.</param>
    /// <param name="displayName">As others see it.</param>
    /// <param name="role">One of <see cref="Roles"/>; staff are not announced.</param>
    /// <param name="passwordHash">From <see cref="Passwords"/>.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<Member?> RegisterAsync(
        EmailAddress email, string displayName, string role, string passwordHash, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var member = new Member(Guid.CreateVersion7(now).ToString(), email.Text, displayName, Locale.Default, role, now);
        var account = new Account(member.Id, role, passwordHash, PasswordVersion: 1);
        var registered = await Optimistic.RetryAsync(async () =>
        {
            var slot = Registrations.AnySlot();
            var documents = await store.GetManyAsync([AccountKey(email.Key), slot], cancellation);
            // Ours is there already when the reply to an earlier attempt was lost.
            if (documents.Get<Account>(AccountKey(email.Key)).Value is { } taken)
                return new Outcome(taken.MemberId == member.Id ? member : null);
            var committed = await store.TryCommitAsync(
                [
                    store.Write(AccountKey(email.Key), account, etag: ""),
                    store.Write(MemberKey(member.Id), member, etag: ""),
                    .. role == Roles.Member ? [Registrations.Add(store, slot, documents, member)] : Array.Empty<StateTransactionRequest>(),
                ],
                cancellation);
            return committed ? new Outcome(member) : null;
        });
        if (registered.Member is not null) registrations.Nudge();
        return registered.Member;
    }

    /// <summary>Null when there is no such member. Two calls.</summary>
    public async Task<Member?> ChangeAsync(string memberId, Func<Member, Member> change, CancellationToken cancellation)
    {
        var changed = await Optimistic.RetryAsync(async () =>
        {
            var (member, etag) = await store.GetAsync<Member>(MemberKey(memberId), cancellation);
            if (member is null) return new Outcome(null);
            var next = change(member);
            var saved = next == member || await store.TrySaveAsync(MemberKey(memberId), next, etag, cancellation: cancellation);
            return saved ? new Outcome(next) : null;
        });
        return changed.Member;
    }

    public async Task<IReadOnlyList<PostalAddress>> AddressesAsync(string memberId, CancellationToken cancellation) =>
        (await store.GetAsync<IReadOnlyList<PostalAddress>>(AddressesKey(memberId), cancellation)).Value ?? [];

    /// <summary>The list is replaced as a whole, so the last one stands.</summary>
    public Task SaveAddressesAsync(string memberId, IReadOnlyList<PostalAddress> addresses, CancellationToken cancellation) =>
        store.SaveAsync(AddressesKey(memberId), addresses, cancellation);

    private static string MemberKey(string memberId) => $"member/{memberId}";

    private static string AddressesKey(string memberId) => $"addresses/{memberId}";

    private sealed record Outcome(Member? Member);
}
