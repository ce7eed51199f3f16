using DaprShop.Common;

namespace DaprShop.Payment;

/// <summary>Payments (<c>payment/{orderId}</c>) and their postings (<c>ledger/{orderId}/{step}</c>), always saved together.</summary>
public sealed class PaymentStore(StateStore store)
{
    public Task<Versioned<Payment>> FindAsync(string orderId, CancellationToken cancellation = default) =>
        store.GetAsync<Payment>(Key(orderId), cancellation);

    /// <summary>Saves the step over the version read, and its posting; false when the store refuses.</summary>
    public Task<bool> TrySaveAsync(Payment payment, string etag)
    {
        var write = store.Write(Key(payment.OrderId), payment, etag);
        return store.TryCommitTogetherAsync(
            Ledger.Post(payment) is { } posting ? [write, store.Write(Key(posting), posting, etag: null)] : [write]);
    }

    /// <summary>All that was posted for the order, oldest first. One call.</summary>
    public async Task<IReadOnlyList<Posting>> PostingsAsync(string orderId, CancellationToken cancellation)
    {
        var keys = Ledger.Steps.Select(step => Key(orderId, step)).ToList();
        var stored = await store.GetManyAsync(keys, cancellation);
        return [.. keys.Select(key => stored.Get<Posting>(key).Value).OfType<Posting>().OrderBy(posting => posting.At)];
    }

    private static string Key(string orderId) => $"payment/{orderId}";

    private static string Key(Posting posting) => Key(posting.OrderId, posting.Step);

    private static string Key(string orderId, PaymentStatus step) => $"ledger/{orderId}/{step}".ToLowerInvariant();
}
