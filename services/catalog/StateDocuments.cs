using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Dapr.Client;
using Grpc.Core;

namespace DaprShop.Catalog;

/// <summary>Reads and writes documents of the catalogue's state store in bulk: one sidecar call to read, one to write, each with a time limit.</summary>
public sealed class StateDocuments(DaprClient dapr)
{
    private const string Store = "catalog-store";
    private const int MaxKeysPerRead = 200;
    private static readonly TimeSpan s_timeLimit = TimeSpan.FromSeconds(5);

    /// <summary>Documents of one type; missing ones are left out.</summary>
    public async Task<List<T>> ReadAsync<T>(IEnumerable<string> keys, JsonTypeInfo<T> type, CancellationToken cancellation) where T : class
    {
        var found = new List<T>();
        foreach (var chunk in keys.Chunk(MaxKeysPerRead))
        {
            var documents = await ReadAsync(chunk, cancellation);
            found.AddRange(chunk.Select(key => documents[key].Read(type)).OfType<T>());
        }
        return found;
    }

    /// <summary>Documents of any type, at most 200, a missing one as an empty document.</summary>
    public async Task<Dictionary<string, StateDocument>> ReadAsync(IReadOnlyList<string> keys, CancellationToken cancellation)
    {
        using var limited = Limit(cancellation);
        var items = await dapr.GetBulkStateAsync(Store, keys, parallelism: 16, cancellationToken: limited.Token);
        var found = keys.ToDictionary(key => key, key => new StateDocument(key, null, ""), StringComparer.Ordinal);
        foreach (var item in items.Where(item => !string.IsNullOrEmpty(item.Value))) found[item.Key] = new(item.Key, item.Value, item.ETag);
        return found;
    }

    /// <summary>Writes all or nothing; false when a document has changed since it was read, so nothing was written.</summary>
    public async Task<bool> TryWriteAsync(IEnumerable<StateWrite> writes, CancellationToken cancellation)
    {
        using var limited = Limit(cancellation);
        try
        {
            await dapr.ExecuteStateTransactionAsync(Store, [.. writes.Select(write => write.ToRequest())], cancellationToken: limited.Token);
            return true;
        }
        // How a sidecar reports a stale ETag in a transaction differs by version; the caller reads again and decides anew either way.
        catch (Exception error) when (FindRpcError(error) is { StatusCode: StatusCode.Internal or StatusCode.Aborted or StatusCode.FailedPrecondition })
        {
            return false;
        }
    }

    private static RpcException? FindRpcError(Exception error) => error as RpcException ?? error.InnerException as RpcException;

    private static CancellationTokenSource Limit(CancellationToken cancellation)
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        source.CancelAfter(s_timeLimit);
        return source;
    }
}

/// <summary>A document as read; empty text and tag when there is none.</summary>
public sealed record StateDocument(string Key, string? Json, string ETag)
{
    public T? Read<T>(JsonTypeInfo<T> type) where T : class => Json is null ? null : JsonSerializer.Deserialize(Json, type);

    /// <summary>A write that succeeds only if the document is still as it was read, absent included.</summary>
    public StateWrite Write<T>(T value, JsonTypeInfo<T> type) => new(Key, JsonSerializer.SerializeToUtf8Bytes(value, type), ETag);
}

/// <param name="Value">Null deletes.</param>
/// <param name="ETag">Empty: the document must not exist.</param>
public sealed record StateWrite(string Key, byte[]? Value, string ETag)
{
    private static readonly StateOptions s_firstWrite = new() { Concurrency = ConcurrencyMode.FirstWrite };

    public static StateWrite Delete(string key) => new(key, null, "");

    internal StateTransactionRequest ToRequest() => Value is null
        ? new StateTransactionRequest(Key, [], StateOperationType.Delete)
        : new StateTransactionRequest(Key, Value, StateOperationType.Upsert, ETag.Length == 0 ? null : ETag, options: s_firstWrite);
}
