using System.Text.Json;
using Dapr.Client;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;

namespace DaprShop.Ordering;

/// <summary>
/// Ordering's state store beside the actors: many keys read in one call, many written in one transaction. Every write is first-write: it
/// fails, and the whole transaction with it, when its key has changed since it was read.
/// </summary>
public sealed class OrderingStore(DaprClient dapr, IOptions<JsonOptions> json)
{
    public const string Name = "ordering-store";

    private static readonly StateOptions s_firstWrite = new() { Concurrency = ConcurrencyMode.FirstWrite };

    private readonly JsonSerializerOptions _json = json.Value.SerializerOptions;

    /// <summary>The values of <paramref name="keys"/>, missing ones included.</summary>
    public async Task<IReadOnlyDictionary<string, Stored>> Read(IReadOnlyList<string> keys, CancellationToken cancellation = default)
    {
        if (keys.Count == 0) return new Dictionary<string, Stored>();
        var items = await dapr.GetBulkStateAsync(Name, keys, parallelism: 0, cancellationToken: cancellation);
        return items.ToDictionary(item => item.Key, item => new Stored(item.Value, item.ETag, _json));
    }

    /// <summary>A write of <paramref name="key"/>; without the etag it was read with, it must not exist yet.</summary>
    public StateTransactionRequest Put<T>(string key, T value, string? etag = null) => new(
        key, JsonSerializer.SerializeToUtf8Bytes(value, _json), StateOperationType.Upsert,
        string.IsNullOrEmpty(etag) ? null : etag, options: s_firstWrite);

    /// <exception cref="Dapr.DaprException">A key has changed, or the store is away; nothing is written.</exception>
    public Task Commit(IReadOnlyList<StateTransactionRequest> writes, CancellationToken cancellation = default) =>
        dapr.ExecuteStateTransactionAsync(Name, writes, cancellationToken: cancellation);

    /// <summary>One value as it was read.</summary>
    public sealed class Stored(string? value, string? etag, JsonSerializerOptions json)
    {
        public string? ETag => etag;

        /// <summary>The value, or null when there is none.</summary>
        public T? As<T>() where T : class => string.IsNullOrEmpty(value) ? null : JsonSerializer.Deserialize<T>(value, json);
    }
}
