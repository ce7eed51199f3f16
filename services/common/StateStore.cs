using System.Text.Json;
using Dapr;
using Dapr.Client;
using Grpc.Core;

namespace DaprShop.Common;

/// <summary>A service's own state store: documents are read with their version and written only over the version that was read.</summary>
public sealed class StateStore
{
    private const int MostWriters = 32;
    private static readonly StateOptions s_firstWrite = new() { Concurrency = ConcurrencyMode.FirstWrite };

    private readonly DaprClient _dapr;
    private readonly string _name;
    private readonly Gathering<Writing> _writings;

    /// <param name="dapr">The sidecar.</param>
    /// <param name="name">The state store component.</param>
    public StateStore(DaprClient dapr, string name) => (_dapr, _name, _writings) = (dapr, name, new(MostWriters, WriteAsync));

    /// <summary>The document and its version; the default value and an empty version when there is none. One call.</summary>
    public async Task<Versioned<T>> GetAsync<T>(string key, CancellationToken cancellation = default)
    {
        var (value, etag) = await _dapr.GetStateAndETagAsync<T?>(_name, key, cancellationToken: cancellation);
        return new Versioned<T>(value, etag ?? "");
    }

    /// <summary>Several documents, of one type or many. One call, unless they are more than fits into one answer.</summary>
    public async Task<Documents> GetManyAsync(IReadOnlyList<string> keys, CancellationToken cancellation = default) =>
        new(keys.Count == 0 ? [] : (await GetBulkAsync(keys, cancellation)).ToDictionary(item => item.Key), _dapr.JsonSerializerOptions);

    private async Task<IReadOnlyList<BulkStateItem>> GetBulkAsync(IReadOnlyList<string> keys, CancellationToken cancellation)
    {
        try
        {
            return await _dapr.GetBulkStateAsync(_name, keys, parallelism: null, cancellationToken: cancellation);
        }
        catch (DaprException error)
            when (keys.Count > 1 && error.InnerException is RpcException { StatusCode: StatusCode.ResourceExhausted })
        {
            var half = keys.Count / 2;
            return
            [
                .. await GetBulkAsync([.. keys.Take(half)], cancellation),
                .. await GetBulkAsync([.. keys.Skip(half)], cancellation),
            ];
        }
    }

    /// <summary>False when the document is no longer at version <paramref name="etag"/> (empty: when there is one). One call.</summary>
    /// <param name="key">The document's key.</param>
    /// <param name="value">What to keep.</param>
    /// <param name="etag">The version that was read.</param>
    /// <param name="ttl">How long to keep it; for ever when null.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<bool> TrySaveAsync<T>(string key, T value, string etag, TimeSpan? ttl = null, CancellationToken cancellation = default)
    {
        try
        {
            return await _dapr.TrySaveStateAsync(_name, key, value, etag, s_firstWrite, Metadata(ttl), cancellation);
        }
        catch (DaprException error) when (etag.Length == 0 && error.InnerException is RpcException { StatusCode: StatusCode.Internal })
        {
            // Of an insert that somebody else was faster with, Dapr's Redis store says no more than that it failed: see whether there is one.
            if ((await GetAsync<T>(key, cancellation)).ETag.Length == 0) throw;
            return false;
        }
    }

    /// <summary>Last write wins. One call.</summary>
    public Task SaveAsync<T>(string key, T value, CancellationToken cancellation = default) =>
        _dapr.SaveStateAsync(_name, key, value, cancellationToken: cancellation);

    /// <summary>A part of <see cref="TryCommitAsync"/>: writes over version <paramref name="etag"/>; empty: inserts; null: any.</summary>
    public StateTransactionRequest Write<T>(string key, T value, string? etag, TimeSpan? ttl = null) => new(
        key, JsonSerializer.SerializeToUtf8Bytes(value, _dapr.JsonSerializerOptions), StateOperationType.Upsert,
        etag is { Length: 0 } ? null : etag, Metadata(ttl), etag is null ? null : s_firstWrite);

    /// <summary>A part of <see cref="TryCommitAsync"/>: deletes version <paramref name="etag"/>.</summary>
    public static StateTransactionRequest Delete(string key, string etag) =>
        new(key, null, StateOperationType.Delete, etag, options: s_firstWrite);

    /// <summary>
    /// All of these or none, in one call. False when the store refuses: Dapr does not tell a stale version from other refusals, so
    /// callers read again, decide again, and try a bounded number of times. False also when they are more than a sidecar takes in one call.
    /// </summary>
    public async Task<bool> TryCommitAsync(IReadOnlyList<StateTransactionRequest> writes, CancellationToken cancellation = default)
    {
        try
        {
            await _dapr.ExecuteStateTransactionAsync(_name, writes, cancellationToken: cancellation);
            return true;
        }
        catch (DaprException error) when (error.InnerException is RpcException
        {
            StatusCode: StatusCode.Internal or StatusCode.Aborted or StatusCode.ResourceExhausted,
        })
        {
            return false;
        }
    }

    /// <summary>
    /// As <see cref="TryCommitAsync"/>, in one transaction with those of other callers that come while one is on its way. Only where the
    /// store's transactions are all or nothing, which Redis' are not.
    /// </summary>
    public async Task<bool> TryCommitTogetherAsync(
        IReadOnlyList<StateTransactionRequest> writes, CancellationToken cancellation = default)
    {
        var writing = new Writing(writes);
        await _writings.AddAsync(writing).WaitAsync(cancellation);
        return writing.IsDone;
    }

    /// <summary>All in one; where that is refused, each in its own, so that nobody pays for another's stale version.</summary>
    private async Task WriteAsync(IReadOnlyList<Writing> writings)
    {
        if (writings.Count > 1 && await TryCommitAsync([.. writings.SelectMany(writing => writing.Writes)]))
            foreach (var writing in writings) writing.IsDone = true;
        else
            await Task.WhenAll(writings.Select(async writing => writing.IsDone = await TryCommitAsync(writing.Writes)));
    }

    /// <summary>
    /// Applies many changes to their documents: one read and one write for all of them, whatever their number. A document that is new goes
    /// on its own, and so does each when somebody else changed one meanwhile. A document that a change leaves as it is (the same object) is
    /// not written.
    /// </summary>
    /// <returns>The documents afterwards, by key.</returns>
    /// <exception cref="ContendedException">The store refused every attempt; some documents may have been written.</exception>
    public async Task<IReadOnlyDictionary<string, T>> ApplyAsync<T>(
        IEnumerable<Change<T>> changes, CancellationToken cancellation = default) where T : class
    {
        var byKey = changes.GroupBy(change => change.Key).ToDictionary(group => group.Key, group => group.ToList());
        var read = await GetManyAsync([.. byKey.Keys], cancellation);
        var after = new Dictionary<string, T>(byKey.Count);
        var writes = new List<StateTransactionRequest>();
        var alone = new List<string>();
        foreach (var (key, ofKey) in byKey)
        {
            var (before, etag) = read.Get<T>(key);
            after[key] = Fold(before, ofKey);
            if (ReferenceEquals(before, after[key])) continue;
            // In a transaction, Dapr's Redis store would put a new document over one that somebody else has just made.
            if (etag.Length == 0) alone.Add(key);
            else writes.Add(Write(key, after[key], etag));
        }
        if (writes.Count > 0 && !await TryCommitAsync(writes, cancellation)) alone.AddRange(writes.Select(write => write.Key));
        await Task.WhenAll(alone.Select(async key =>
        {
            var document = await ApplyAsync(key, byKey[key], cancellation);
            lock (after) after[key] = document;
        }));
        return after;
    }

    private Task<T> ApplyAsync<T>(string key, IReadOnlyList<Change<T>> changes, CancellationToken cancellation) where T : class =>
        Optimistic.RetryAsync(async () =>
        {
            var (before, etag) = await GetAsync<T>(key, cancellation);
            var after = Fold(before, changes);
            return ReferenceEquals(before, after) || await TrySaveAsync(key, after, etag, cancellation: cancellation) ? after : null;
        });

    private static T Fold<T>(T? before, IReadOnlyList<Change<T>> changes) where T : class
    {
        foreach (var change in changes) before = change.Apply(before);
        return before!;
    }

    private static Dictionary<string, string>? Metadata(TimeSpan? ttl) =>
        ttl is { } time ? new() { ["ttlInSeconds"] = ((int)time.TotalSeconds).ToString() } : null;

    private sealed class Writing(IReadOnlyList<StateTransactionRequest> writes)
    {
        public IReadOnlyList<StateTransactionRequest> Writes => writes;

        public bool IsDone { get; set; }
    }
}

/// <param name="Key">The document.</param>
/// <param name="Apply">From the document as it is, null when there is none, to the document as it shall be.</param>
public sealed record Change<T>(string Key, Func<T?, T> Apply);

/// <param name="Value">The document, or the default value when there is none.</param>
/// <param name="ETag">Its version; empty when there is none.</param>
public readonly record struct Versioned<T>(T? Value, string ETag);

/// <summary>Documents read together.</summary>
public sealed class Documents(Dictionary<string, BulkStateItem> items, JsonSerializerOptions json)
{
    public static Documents None { get; } = new([], JsonSerializerOptions.Default);

    public Versioned<T> Get<T>(string key) => items.TryGetValue(key, out var item) && item.Value.Length > 0
        ? new Versioned<T>(JsonSerializer.Deserialize<T>(item.Value, json), item.ETag)
        : new Versioned<T>(default, "");
}

/// <summary>Read, decide, write over the version read; and again when somebody else was faster.</summary>
public static class Optimistic
{
    private const int MaxAttempts = 16;

    /// <param name="attempt">One attempt: its answer, or null when its write was refused.</param>
    /// <exception cref="ContendedException">Refused every time.</exception>
    public static async Task<T> RetryAsync<T>(Func<Task<T?>> attempt) where T : class
    {
        for (var tries = 0; tries < MaxAttempts; tries++)
        {
            // Rivals that keep colliding drift apart.
            if (tries > 2) await Task.Delay(Random.Shared.Next(1, 4 * tries));
            if (await attempt() is { } answer) return answer;
        }
        throw new ContendedException();
    }
}

/// <summary>A document was changed under every attempt to write it, or the store refused them all: a 503 to the client.</summary>
public sealed class ContendedException() : TimeoutException("The store refused every attempt to write.");
