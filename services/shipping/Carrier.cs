using Dapr.Client;
using DaprShop.Common;
using DaprShop.Contracts;

namespace DaprShop.Shipping;

/// <summary>
/// Moves many parcels at once: one read, one transaction, one publish for a hundred. A parcel that has moved already is told of again, so
/// doing the same again after a crash loses nothing; one that cannot move that way (cancelled) is left alone.
/// </summary>
public sealed class Carrier(ShipmentStore store, DaprClient dapr, TimeProvider time)
{
    private const int BatchSize = 100;

    private static readonly Dictionary<ShipmentStatus, (string Topic, string Status)> s_topics = new()
    {
        [ShipmentStatus.Dispatched] = (Topics.ShippingDispatched, "dispatched"),
        [ShipmentStatus.Delivered] = (Topics.ShippingDelivered, "delivered"),
        [ShipmentStatus.Returned] = (Topics.ShippingReturned, "returned"),
    };

    /// <summary>Moves the parcels of these orders; answers those that are or were there.</summary>
    public async Task<IReadOnlyList<Shipment>> MoveAsync(ShipmentStatus to, IEnumerable<string> orderIds)
    {
        var there = new List<Shipment>();
        foreach (var batch in orderIds.Distinct().Chunk(BatchSize))
        {
            var moved = await SaveMovedAsync(to, batch);
            await TellAsync(to, moved);
            there.AddRange(moved);
        }

        return there;
    }

    private Task<Shipment[]> SaveMovedAsync(ShipmentStatus to, string[] orderIds) => Optimistic.RetryAsync(async () =>
    {
        var found = await store.FindAllAsync(orderIds);
        var now = time.GetUtcNow();
        var after = found
            .Select(stored => stored.Shipment.Move(to, now) is { } moved ? stored with { Shipment = moved } : stored)
            .ToArray();
        return await store.TrySaveAllAsync(after.Except(found).ToArray())
            ? after.Select(stored => stored.Shipment).Where(shipment => shipment.Reached(to) is not null).ToArray()
            : null;
    });

    private Task TellAsync(ShipmentStatus to, Shipment[] shipments)
    {
        var (topic, status) = s_topics[to];
        var events = shipments.Select(shipment => new ShipmentChanged(
            $"shipment-{shipment.OrderId}-{status}", shipment.Reached(to)!.At, shipment.OrderId, shipment.MemberId, status,
            shipment.TrackingNumber));
        return dapr.PublishAllAsync(topic, events, changed => changed.EventId);
    }
}
