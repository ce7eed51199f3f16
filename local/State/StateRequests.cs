using DaprShop.Local.Errors;
using DaprShop.Local.Hosting;
using DaprShop.Local.Resiliency;
using Grpc.Core;

namespace DaprShop.Local.State;

/// <summary>
/// The state API of a sidecar, which HTTP and gRPC both call; errors are daprd's (<c>pkg/api/http</c>, <c>pkg/api/grpc</c>). A store
/// that has a policy is called under it, once for all of the keys or writes of a request.
/// </summary>
public sealed class StateRequests(StateStores stores)
{
    public async ValueTask<StateItem?> GetAsync(HttpContext http, string store, string key)
    {
        var component = stores.Of(http.GetSidecar(), store);
        var fullKey = component.FullKey(key);
        try
        {
            return component.Policy is { } policy
                ? await policy.CallAsync(
                    static (get, _) => get.Store.GetAsync(get.Key).AsTask(), (component.Store, Key: fullKey), http.RequestAborted)
                : await component.Store.GetAsync(fullKey);
        }
        catch (IOException failure)
        {
            throw Internal("ERR_STATE_GET", $"fail to get {key} from state store {store}: {failure.Message}");
        }
    }

    public async ValueTask<StateItem?[]> GetAsync(HttpContext http, string store, IReadOnlyList<string> keys)
    {
        var component = stores.Of(http.GetSidecar(), store);
        var fullKeys = keys.Select(component.FullKey).ToArray();
        try
        {
            return component.Policy is { } policy
                ? await policy.CallAsync(
                    static (get, _) => get.Store.GetAsync(get.Keys).AsTask(), (component.Store, Keys: fullKeys), http.RequestAborted)
                : await component.Store.GetAsync(fullKeys);
        }
        catch (IOException failure)
        {
            throw Internal("ERR_STATE_BULK_GET", failure.Message);
        }
    }

    /// <summary>Each on its own: those that can be saved are saved, whatever happens to the others.</summary>
    public Task SaveAsync(HttpContext http, string store, IReadOnlyList<StateRequest> requests) =>
        WriteEachAsync(http, store, requests, "ERR_STATE_SAVE", $"failed saving state in state store {store}");

    /// <summary>A policy tries again also for a stale ETag, here and in a transaction, as in daprd.</summary>
    public Task DeleteAsync(HttpContext http, string store, StateRequest request) => WriteEachAsync(
        http, store, [request], "ERR_STATE_DELETE", $"failed deleting state with key {request.Key}", retriesConflicts: true);

    /// <summary>Each on its own, as <see cref="SaveAsync"/>.</summary>
    public Task DeleteAsync(HttpContext http, string store, IReadOnlyList<StateRequest> requests) =>
        WriteEachAsync(http, store, requests, "ERR_STATE_BULK_DELETE", $"failed deleting state in state store {store}");

    /// <summary>All or nothing. A stale ETag is an internal error here, as in daprd.</summary>
    public async Task TransactAsync(HttpContext http, string store, IReadOnlyList<StateRequest> requests)
    {
        var component = stores.Of(http.GetSidecar(), store);
        var keyed = requests.Select(request => request with { Key = component.FullKey(request.Key) }).ToArray();
        try
        {
            if (component.Policy is { } policy)
            {
                await policy.CallAsync(
                    static (all, limited) => all.Store.TransactAsync([.. all.Requests.Select(request => request.ToWrite())], limited),
                    (component.Store, Requests: keyed), http.RequestAborted);
            }
            else
            {
                await component.Store.TransactAsync([.. keyed.Select(request => request.ToWrite())]);
            }
        }
        catch (Exception failure) when (IsFailure(failure))
        {
            throw Internal("ERR_STATE_TRANSACTION", $"error while executing state transaction: {failure.Message}");
        }
    }

    /// <summary>No store of the local runtime can be queried.</summary>
    public void Query(HttpContext http, string store)
    {
        _ = stores.Of(http.GetSidecar(), store);
        throw new DaprError(500, "ERR_STATE_STORE_NOT_SUPPORTED", StatusCode.Internal, "state store does not support querying")
        {
            Details = new ErrorDetails("DAPR_STATE_QUERYING_NOT_SUPPORTED", null, ("state", store), ""),
        };
    }

    private async Task WriteEachAsync(
        HttpContext http, string store, IReadOnlyList<StateRequest> requests, string code, string what, bool retriesConflicts = false)
    {
        var component = stores.Of(http.GetSidecar(), store);
        var keyed = requests.Count == 1
            ? [requests[0] with { Key = component.FullKey(requests[0].Key) }]
            : requests.Select(request => request with { Key = component.FullKey(request.Key) }).ToArray();
        if (component.Policy is { } policy)
        {
            if (await WriteEachAsync(policy, component.Store, keyed, retriesConflicts, http.RequestAborted) is { Count: > 0 } failures)
                throw Failure(code, what, failures, keyed.Length);
            return;
        }

        var writes = Array.ConvertAll(keyed, request => request.WriteAsync(component.Store));
        try
        {
            if (writes.Length == 1) await writes[0];
            else await Task.WhenAll(writes);
        }
        catch (Exception failure) when (IsFailure(failure))
        {
            throw Failure(code, what, WriteBatch.FailuresOf(writes), writes.Length);
        }
    }

    /// <returns>What could not be written, and why.</returns>
    private static async Task<IReadOnlyList<Exception>> WriteEachAsync(
        OutboundPolicy policy, IStateStore store, StateRequest[] requests, bool retriesConflicts, CancellationToken cancellation)
    {
        var batch = new WriteBatch(store, requests, retriesConflicts);
        try
        {
            await policy.CallAsync(static (batch, limited) => batch.TryAsync(limited), batch, cancellation);
            return [];
        }
        catch (WritesFailed failed)
        {
            return failed.Failures;
        }
        catch (CallRefused refused)
        {
            return [refused];
        }
    }

    private static bool IsFailure(Exception failure) => failure is StateConflict or InvalidETag or InvalidOption or IOException;

    private static DaprError Failure(string code, string what, IReadOnlyList<Exception> failures, int writes)
    {
        var reasons = string.Join('\n', failures.Select(failure => failure.Message));
        var reason = writes == 1 ? reasons : $"{failures[0].Message}: {reasons}";
        if (failures.All(failure => failure is StateConflict)) return new DaprError(409, code, StatusCode.Aborted, $"{what}: {reason}");
        if (failures.All(failure => failure is InvalidETag))
            return new DaprError(400, code, StatusCode.InvalidArgument, $"{what}: {reason}");
        return Internal(code, $"{what}: {reasons}");
    }

    private static DaprError Internal(string code, string message) => new(500, code, StatusCode.Internal, message);
}
