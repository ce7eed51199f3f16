namespace DaprShop.Local.State;

/// <summary>
/// A place for state. Works on full keys (<c>appId||key</c>, <c>appId||actorType||actorId||key</c>) and raw bytes; a completed write is as
/// durable as the store is. Reads see every write that completed before them.
/// </summary>
public interface IStateStore : IAsyncDisposable
{
    /// <summary>The value of a key; null when there is none or it has expired.</summary>
    ValueTask<StateItem?> GetAsync(string key);

    /// <summary>The values of many keys, in the order of <paramref name="keys"/>.</summary>
    ValueTask<StateItem?[]> GetAsync(IReadOnlyList<string> keys);

    /// <summary>One write. When it is given up in time it is not made; when it is too late for that, it may be.</summary>
    /// <exception cref="StateConflict">The ETag is stale, or a first write found a value.</exception>
    Task WriteAsync(StateWrite write, CancellationToken cancellation = default);

    /// <summary>All of the writes, in order, or none.</summary>
    /// <exception cref="StateConflict">Of one of them; nothing was written.</exception>
    Task TransactAsync(IReadOnlyList<StateWrite> writes, CancellationToken cancellation = default);
}

/// <summary>What a key holds.</summary>
/// <param name="Value">As it was saved.</param>
/// <param name="ETag">Changes with every write.</param>
/// <param name="ExpiresAt">When its time to live ends; null for never.</param>
public sealed record StateItem(ReadOnlyMemory<byte> Value, string ETag, DateTimeOffset? ExpiresAt);

/// <summary>One write; see <see cref="Set"/> and <see cref="Delete"/>.</summary>
/// <param name="Key">The full key.</param>
/// <param name="Value">The new value; null deletes.</param>
/// <param name="ETag">
/// Write only if the present value has this ETag; null or empty writes in any case, unless <paramref name="FirstWrite"/>.
/// </param>
/// <param name="FirstWrite">Without an ETag: write only if there is no value yet.</param>
/// <param name="Ttl">How long the value lives; null when nothing was said, not positive when it was said that it lives for ever.</param>
public readonly record struct StateWrite(string Key, ReadOnlyMemory<byte>? Value, string? ETag, bool FirstWrite, TimeSpan? Ttl)
{
    public static StateWrite Set(
        string key, ReadOnlyMemory<byte> value, string? etag = null, bool firstWrite = false, TimeSpan? ttl = null) =>
        new(key, value, etag, firstWrite, ttl);

    public static StateWrite Delete(string key, string? etag = null) => new(key, null, etag, false, null);

    public bool HasETag => !string.IsNullOrEmpty(ETag);
}

/// <summary>Somebody else wrote first.</summary>
/// <param name="reason">What the store says of it, if anything.</param>
public sealed class StateConflict(string? reason = null)
    : Exception("possible etag mismatch. error from state store" + (reason is null ? "" : $": {reason}"));

/// <summary>The store never gave out such an ETag.</summary>
public sealed class InvalidETag(string etag) : Exception($"invalid etag value: '{etag}' is not a number");
