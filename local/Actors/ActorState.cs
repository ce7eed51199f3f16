using DaprShop.Local.Errors;
using DaprShop.Local.Hosting;
using DaprShop.Local.State;

namespace DaprShop.Local.Actors;

/// <summary>One change of an actor's state.</summary>
/// <param name="Operation"><c>upsert</c> or <c>delete</c>.</param>
/// <param name="Key">The app's name for it; null when there was no request.</param>
/// <param name="Value">For an upsert, as it is to be stored.</param>
/// <param name="ETag">Change only what has this ETag; null for any.</param>
/// <param name="HasTtl">A time to live was asked for.</param>
internal sealed record StateChange(string Operation, string? Key, ReadOnlyMemory<byte> Value, string? ETag = null, bool HasTtl = false);

/// <summary>
/// What actors remember: in the app's actor state store, under <c>appId||type||id||key</c>, all changes of a call or none. Reading and
/// writing take no turn; the actor that does it has its turn already.
/// </summary>
internal sealed class ActorState(StateStores stores, ActorPlacement placement)
{
    /// <summary>Null when there is nothing under the key.</summary>
    /// <exception cref="DaprError">As daprd answers it.</exception>
    public async ValueTask<StateItem?> GetAsync(Sidecar sidecar, ActorRef actor, string key, CancellationToken cancellation)
    {
        RefuseReserved(actor);
        var component = StoreOf(sidecar);
        var fullKey = Key(sidecar, actor, key);
        try
        {
            return component.Policy is { } policy
                ? await policy.CallAsync(
                    static (get, _) => get.Store.GetAsync(get.Key).AsTask(), (component.Store, Key: fullKey), cancellation)
                : await component.Store.GetAsync(fullKey);
        }
        catch (Exception error) when (error is not (DaprError or OperationCanceledException))
        {
            throw ActorErrors.StateGet(error.Message);
        }
    }

    /// <summary>Makes all of the changes, or none.</summary>
    /// <exception cref="DaprError">As daprd answers it.</exception>
    public async Task TransactAsync(Sidecar sidecar, ActorRef actor, IReadOnlyList<StateChange> changes, CancellationToken cancellation)
    {
        RefuseReserved(actor);
        var host = await placement.OfAsync(sidecar, cancellation);
        if (host is null || !host.IsActive(actor)) throw ActorErrors.InstanceMissing();
        var writes = changes.Select(change => Write(sidecar, actor, change)).ToArray();
        var component = StoreOf(sidecar);
        try
        {
            if (component.Policy is { } policy)
            {
                await policy.CallAsync(
                    static (all, limited) => all.Store.TransactAsync(all.Writes, limited), (component.Store, Writes: writes), cancellation);
            }
            else
            {
                await component.Store.TransactAsync(writes, CancellationToken.None);
            }
        }
        catch (Exception error) when (error is not (DaprError or OperationCanceledException))
        {
            throw ActorErrors.StateSave(error.Message);
        }
    }

    private StateComponent StoreOf(Sidecar sidecar) => stores.ActorStore(sidecar) ?? throw ActorErrors.NoStateStore();

    private static void RefuseReserved(ActorRef actor)
    {
        if (actor.Type.StartsWith(ActorRef.ReservedPrefix, StringComparison.Ordinal)) throw ActorErrors.Reserved(actor.Type);
    }

    private static StateWrite Write(Sidecar sidecar, ActorRef actor, StateChange change)
    {
        if (change.Key is null) throw ActorErrors.StateSave("request data is empty");
        if (change.Key.Length == 0) throw ActorErrors.StateSave("missing key");
        if (change.HasTtl) throw ActorErrors.StateSave("ttlInSeconds is not supported without the \"ActorStateTTL\" feature enabled");
        var key = Key(sidecar, actor, change.Key);
        return change.Operation switch
        {
            "upsert" => StateWrite.Set(key, change.Value, change.ETag),
            "delete" => StateWrite.Delete(key, change.ETag),
            "" => throw ActorErrors.StateSave("operation is empty"),
            var other => throw ActorErrors.StateSave($"operation type {other} not supported"),
        };
    }

    private static string Key(Sidecar sidecar, ActorRef actor, string key) =>
        string.Concat(sidecar.AppId, ActorRef.Separator, actor.ToString(), ActorRef.Separator + key);
}
