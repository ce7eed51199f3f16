using System.Globalization;
using DaprShop.Local.Errors;
using DaprShop.Local.Hosting;
using Grpc.Core;

namespace DaprShop.Local.State;

/// <summary>One write as an app asks for it; the key is the app's own.</summary>
/// <param name="Key">Without prefix.</param>
/// <param name="Value">Null deletes.</param>
/// <param name="ETag">Null or empty for none.</param>
/// <param name="Concurrency"><c>first-write</c>, <c>last-write</c> or null.</param>
/// <param name="Consistency"><c>strong</c>, <c>eventual</c> or null; both are strong here.</param>
/// <param name="Ttl"><c>ttlInSeconds</c> as it came.</param>
public readonly record struct StateRequest(
    string Key, ReadOnlyMemory<byte>? Value, string? ETag = null, string? Concurrency = null, string? Consistency = null,
    string? Ttl = null);

/// <summary>
/// The state API of a sidecar, which HTTP and gRPC both call; errors are daprd's (<c>pkg/api/http</c>, <c>pkg/api/grpc</c>).
/// </summary>
public sealed class StateRequests(StateStores stores)
{
    public async ValueTask<StateItem?> GetAsync(Sidecar sidecar, string store, string key)
    {
        var component = stores.Of(sidecar, store);
        var fullKey = component.FullKey(key);
        try
        {
            return await component.Store.GetAsync(fullKey);
        }
        catch (IOException failure)
        {
            throw Internal("ERR_STATE_GET", $"fail to get {key} from state store {store}: {failure.Message}");
        }
    }

    public async ValueTask<StateItem?[]> GetAsync(Sidecar sidecar, string store, IReadOnlyList<string> keys)
    {
        var component = stores.Of(sidecar, store);
        var fullKeys = keys.Select(component.FullKey).ToArray();
        try
        {
            return await component.Store.GetAsync(fullKeys);
        }
        catch (IOException failure)
        {
            throw Internal("ERR_STATE_BULK_GET", failure.Message);
        }
    }

    /// <summary>Each on its own: those that can be saved are saved, whatever happens to the others.</summary>
    public Task SaveAsync(Sidecar sidecar, string store, IReadOnlyList<StateRequest> requests) =>
        WriteEachAsync(stores.Of(sidecar, store), requests, "ERR_STATE_SAVE", $"failed saving state in state store {store}");

    public Task DeleteAsync(Sidecar sidecar, string store, StateRequest request) =>
        WriteEachAsync(stores.Of(sidecar, store), [request], "ERR_STATE_DELETE", $"failed deleting state with key {request.Key}");

    /// <summary>Each on its own, as <see cref="SaveAsync"/>.</summary>
    public Task DeleteAsync(Sidecar sidecar, string store, IReadOnlyList<StateRequest> requests) =>
        WriteEachAsync(stores.Of(sidecar, store), requests, "ERR_STATE_BULK_DELETE", $"failed deleting state in state store {store}");

    /// <summary>All or nothing. A stale ETag is an internal error here, as in daprd.</summary>
    public async Task TransactAsync(Sidecar sidecar, string store, IReadOnlyList<StateRequest> requests)
    {
        var component = stores.Of(sidecar, store);
        var keyed = requests.Select(request => request with { Key = component.FullKey(request.Key) }).ToArray();
        try
        {
            await component.Store.TransactAsync([.. keyed.Select(ToWrite)]);
        }
        catch (Exception failure) when (failure is StateConflict or InvalidETag or InvalidOption or IOException)
        {
            throw Internal("ERR_STATE_TRANSACTION", $"error while executing state transaction: {failure.Message}");
        }
    }

    /// <summary>No store of the local runtime can be queried.</summary>
    public void Query(Sidecar sidecar, string store)
    {
        _ = stores.Of(sidecar, store);
        throw new DaprError(500, "ERR_STATE_STORE_NOT_SUPPORTED", StatusCode.Internal, "state store does not support querying")
        {
            Details = new ErrorDetails("DAPR_STATE_QUERYING_NOT_SUPPORTED", null, ("state", store), ""),
        };
    }

    private static async Task WriteEachAsync(StateComponent component, IReadOnlyList<StateRequest> requests, string code, string what)
    {
        var keyed = requests.Count == 1
            ? [requests[0] with { Key = component.FullKey(requests[0].Key) }]
            : requests.Select(request => request with { Key = component.FullKey(request.Key) }).ToArray();
        var writes = Array.ConvertAll(keyed, request => WriteAsync(component.Store, request));
        try
        {
            if (writes.Length == 1) await writes[0];
            else await Task.WhenAll(writes);
        }
        catch (Exception failure) when (failure is StateConflict or InvalidETag or InvalidOption or IOException)
        {
            Exception[] failures = [.. writes.Where(write => write.IsFaulted).Select(write => write.Exception!.InnerException!)];
            throw Failure(code, what, failures, writes.Length);
        }
    }

    private static DaprError Failure(string code, string what, Exception[] failures, int writes)
    {
        var reasons = string.Join('\n', failures.Select(failure => failure.Message));
        var reason = writes == 1 ? reasons : $"{failures[0].Message}: {reasons}";
        if (failures.All(failure => failure is StateConflict)) return new DaprError(409, code, StatusCode.Aborted, $"{what}: {reason}");
        if (failures.All(failure => failure is InvalidETag))
            return new DaprError(400, code, StatusCode.InvalidArgument, $"{what}: {reason}");
        return Internal(code, $"{what}: {reasons}");
    }

    private static Task WriteAsync(IStateStore store, StateRequest request)
    {
        try
        {
            return store.WriteAsync(ToWrite(request));
        }
        catch (InvalidOption invalid)
        {
            return Task.FromException(invalid);
        }
    }

    private static StateWrite ToWrite(StateRequest request)
    {
        if (request.Concurrency is not (null or "" or "first-write" or "last-write"))
            throw new InvalidOption($"unrecognized concurrency model '{request.Concurrency}'");
        if (request.Consistency is not (null or "" or "strong" or "eventual"))
            throw new InvalidOption($"unrecognized consistency model '{request.Consistency}'");
        return new StateWrite(request.Key, request.Value, request.ETag, request.Concurrency == "first-write", TimeToLive(request.Ttl));
    }

    /// <summary>Null when nothing is said; 0 and −1 say for ever.</summary>
    private static TimeSpan? TimeToLive(string? ttlInSeconds)
    {
        if (string.IsNullOrEmpty(ttlInSeconds)) return null;
        if (!long.TryParse(ttlInSeconds, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds))
            throw new InvalidOption($"error parsing TTL: incorrect value for metadata 'ttlInSeconds': '{ttlInSeconds}' is not a number");
        if (seconds is < -1 or > int.MaxValue)
            throw new InvalidOption("error parsing TTL: incorrect value for metadata 'ttlInSeconds': must be -1 or greater");
        return TimeSpan.FromSeconds(seconds);
    }

    private static DaprError Internal(string code, string message) => new(500, code, StatusCode.Internal, message);

    private sealed class InvalidOption(string message) : Exception(message);
}
