using Dapr;
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
    private const int Attempts = 4;

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

    private async Task<Shipment[]> SaveMovedAsync(ShipmentStatus to, string[] orderIds)
    {
        for (var attempt = 1; ; attempt++)
        {
            var found = await store.FindAllAsync(orderIds);
            var now = time.GetUtcNow();
            var moved = found.Select(stored => stored.Shipment.Move(to, now) is { } next ? stored with { Shipment = next } : null)
                .OfType<ShipmentStore.Stored>().ToArray();
            try
            {
                await store.SaveAllAsync(moved);
            }
            catch (DaprException) when (attempt < Attempts)
            {
                continue; // Most likely one was cancelled meanwhile.
            }

            return [.. moved.Concat(found).Select(stored => stored.Shipment)
                .Where(shipment => shipment.Reached(to) is not null).DistinctBy(shipment => shipment.OrderId)];
        }
    }

    private Task TellAsync(ShipmentStatus to, Shipment[] shipments)
    {
        var (topic, status) = s_topics[to];
        var events = shipments.Select(shipment => new ShipmentChanged(
            $"shipment-{shipment.OrderId}-{status}", shipment.Reached(to)!.At, shipment.OrderId, shipment.MemberId, status,
            shipment.TrackingNumber));
        return dapr.PublishAllAsync(topic, events, changed => changed.EventId);
    }
}
