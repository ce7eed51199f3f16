using DaprShop.Common;

namespace DaprShop.Shipping;

/// <summary>Shipments, under <c>shipment/{orderId}</c>.</summary>
public sealed class ShipmentStore(StateStore store)
{
    /// <summary>A shipment, and the version of it to save against.</summary>
    public sealed record Stored(Shipment Shipment, string ETag);

    public async Task<Stored?> FindAsync(string orderId, CancellationToken cancellation = default)
    {
        var (shipment, etag) = await store.GetAsync<Shipment>(Key(orderId), cancellation);
        return shipment is null ? null : new Stored(shipment, etag);
    }

    /// <summary>Those of the orders that have a shipment, in one call.</summary>
    public async Task<IReadOnlyList<Stored>> FindAllAsync(IEnumerable<string> orderIds)
    {
        var wanted = orderIds.Distinct().ToArray();
        var documents = await store.GetManyAsync([.. wanted.Select(Key)]);
        var found = new List<Stored>(wanted.Length);
        foreach (var orderId in wanted)
        {
            var (shipment, etag) = documents.Get<Shipment>(Key(orderId));
            if (shipment is not null) found.Add(new Stored(shipment, etag));
            // In a bulk, a document that could not be read looks like one that is not there; asked for alone it does not.
            else if (await FindAsync(orderId) is { } stored) found.Add(stored);
        }

        return found;
    }

    /// <summary>Saves over the version read, or one that must not exist yet; false when it has changed, or does.</summary>
    public Task<bool> TrySaveAsync(Shipment shipment, string etag = "") =>
        store.TryCommitTogetherAsync([store.Write(Key(shipment.OrderId), shipment, etag)]);

    /// <summary>Saves all or none of them, in one call; false when the store refuses, most likely since one has changed.</summary>
    public async Task<bool> TrySaveAllAsync(IReadOnlyCollection<Stored> shipments)
    {
        if (shipments.Count == 0) return true;
        var writes = shipments.Select(stored => store.Write(Key(stored.Shipment.OrderId), stored.Shipment, stored.ETag));
        return await store.TryCommitAsync([.. writes]);
    }

    private static string Key(string orderId) => $"shipment/{orderId}";
}
