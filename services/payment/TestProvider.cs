using DaprShop.Common;
using DaprShop.Contracts;

namespace DaprShop.Payment;

/// <summary>
/// A provider for development and tests: the token says how it behaves, and there is no card data anywhere. It is a party of its own, with
/// a durable memory of its own under <c>provider/{key}</c>, so that it can be asked after any crash. It remembers only where its answer
/// depends on what was before (<c>tok_flaky</c>, <c>tok_lost_reply</c>): a real provider does not keep its books at its customers'
/// expense, and the reference tells which charges have such a memory.
/// </summary>
public sealed class TestProvider(StateStore store, TimeProvider time) : IPaymentProvider
{
    private const string Remembered = "charge-";
    private const int FlakyFailures = 2;
    private static readonly TimeSpan s_slow = TimeSpan.FromSeconds(3);

    /// <summary>What is remembered of a key.</summary>
    /// <param name="Failures">How often <c>tok_flaky</c> has failed.</param>
    /// <param name="State">The charge, if there is one.</param>
    /// <param name="Charges">How often money was held: never more than once.</param>
    public sealed record Memory(int Failures = 0, ChargeState? State = null, int Charges = 0);

    public async Task<Authorization> AuthorizeAsync(string key, Money amount, string token, CancellationToken cancellation)
    {
        switch (token)
        {
            case "tok_ok":
                return Approved(key);
            case "tok_declined":
                return Authorization.Declined("card_declined");
            case "tok_insufficient_funds":
                return Authorization.Declined("insufficient_funds");
            case "tok_slow":
                await Task.Delay(s_slow, time, cancellation);
                return Approved(key);
            case "tok_timeout":
                await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellation);
                throw new ProviderUnavailableException("The provider never answers.");
            case "tok_flaky":
                return await FlakyAsync(key, cancellation);
            case "tok_lost_reply":
                return await LostReplyAsync(key, cancellation);
            default:
                return Authorization.Declined("invalid_token");
        }
    }

    public async Task<ChargeState> CaptureAsync(string key, string reference, CancellationToken cancellation) => IsRemembered(reference)
        ? await MoveAsync(key, state => state is ChargeState.Held ? ChargeState.Captured : state ?? ChargeState.Voided, cancellation)
        : ChargeState.Captured;

    public async Task<ChargeState> VoidAsync(string key, string? reference, CancellationToken cancellation) =>
        reference is null || IsRemembered(reference)
            ? await MoveAsync(key, state => state is null or ChargeState.Held ? ChargeState.Voided : state.Value, cancellation)
            : ChargeState.Voided;

    public async Task RefundAsync(string key, string reference, CancellationToken cancellation)
    {
        if (IsRemembered(reference))
            await MoveAsync(key, state => state is ChargeState.Captured ? ChargeState.Refunded : state ?? ChargeState.Voided, cancellation);
    }

    private async Task<Authorization> FlakyAsync(string key, CancellationToken cancellation)
    {
        var (memory, etag) = await RecallAsync(key, cancellation);
        if (memory.Failures >= FlakyFailures) return Approved(key);
        await RememberAsync(key, memory with { Failures = memory.Failures + 1 }, etag, cancellation);
        throw new ProviderUnavailableException("The provider is out of order for a moment.");
    }

    private async Task<Authorization> LostReplyAsync(string key, CancellationToken cancellation)
    {
        var (memory, etag) = await RecallAsync(key, cancellation);
        if (memory.State is ChargeState.Voided) return Authorization.Declined(Authorization.Voided);
        if (memory.State is not null) return Authorization.Approved(Remembered + key);
        await RememberAsync(key, memory with { State = ChargeState.Held, Charges = memory.Charges + 1 }, etag, cancellation);
        throw new ReplyLostException();
    }

    private async Task<ChargeState> MoveAsync(string key, Func<ChargeState?, ChargeState> move, CancellationToken cancellation)
    {
        var (memory, etag) = await RecallAsync(key, cancellation);
        var state = move(memory.State);
        if (state != memory.State) await RememberAsync(key, memory with { State = state }, etag, cancellation);
        return state;
    }

    private async Task<(Memory Memory, string ETag)> RecallAsync(string key, CancellationToken cancellation)
    {
        var (memory, etag) = await store.GetAsync<Memory>(Key(key), cancellation);
        return (memory ?? new Memory(), etag);
    }

    private async Task RememberAsync(string key, Memory memory, string etag, CancellationToken cancellation)
    {
        if (!await store.TrySaveAsync(Key(key), memory, etag, cancellation: cancellation))
            throw new ProviderUnavailableException("The provider is busy with this very charge.");
    }

    private static Authorization Approved(string key) => Authorization.Approved($"test-{key}");

    private static bool IsRemembered(string reference) => reference.StartsWith(Remembered, StringComparison.Ordinal);

    private static string Key(string key) => $"provider/{key}";
}
