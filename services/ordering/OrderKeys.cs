using DaprShop.Common;

namespace DaprShop.Ordering;

/// <summary>What an idempotency key stands for.</summary>
/// <param name="OrderId">The order it placed, or is placing.</param>
/// <param name="BodyHash">Of the request it came with.</param>
public sealed record OrderKey(string OrderId, string BodyHash);

/// <summary>Which of a member's idempotency keys is which order; written before the order is submitted, and never changed.</summary>
public sealed class OrderKeys(StateStore store)
{
    /// <summary>What the key stands for; null when it is new. One call.</summary>
    /// <param name="memberId">Whose key.</param>
    /// <param name="keyHash">Of the client's key.</param>
    /// <param name="cancellation">Of the request.</param>
    public async Task<OrderKey?> Find(string memberId, string keyHash, CancellationToken cancellation = default) =>
        (await store.GetAsync<OrderKey>(Name(memberId, keyHash), cancellation)).Value;

    /// <summary>
    /// Has a new key stand for <paramref name="key"/>: one call. Answers what it stands for in the end, which is another request's order
    /// when that one was first.
    /// </summary>
    public Task<OrderKey> Enter(string memberId, string keyHash, OrderKey key) => Optimistic.RetryAsync(async () =>
        await store.TryCommitTogetherAsync([store.Write(Name(memberId, keyHash), key, etag: "")]) ? key : await Find(memberId, keyHash));

    private static string Name(string memberId, string keyHash) => $"idem/{memberId}/{keyHash}";
}
