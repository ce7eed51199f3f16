using DaprShop.Common;
using DaprShop.Contracts;

namespace DaprShop.Shipping;

/// <summary>
/// The commands of the order saga, by order id: repeated, late and concurrent ones included.
/// <para>Sidecar calls: create 1, cancel 2.</para>
/// </summary>
public sealed class Shipments(ShipmentStore store, TimeProvider time)
{
    public async Task<ShipmentReply> CreateAsync(string orderId, CreateShipment order)
    {
        if (!Rates.For(order.Address.Country, order.WeightGrams).Any(rate => rate.Method == order.Method))
            return new ShipmentReply("refused");
        var created = Shipment.Create(orderId, order, time.GetUtcNow());
        var shipment = await Optimistic.RetryAsync(async () =>
            await store.TrySaveAsync(created) ? created : (await store.FindAsync(orderId))?.Shipment);
        return shipment.Status is ShipmentStatus.Cancelled
            ? new ShipmentReply("cancelled")
            : new ShipmentReply("created", shipment.TrackingNumber);
    }

    /// <summary>Stops the parcel unless it has left. Also for an order never heard of, so that no parcel can be made later.</summary>
    public Task<ShipmentReply> CancelAsync(string orderId) => Optimistic.RetryAsync(async () =>
    {
        var stored = await store.FindAsync(orderId);
        var now = time.GetUtcNow();
        return stored switch
        {
            { Shipment.Status: ShipmentStatus.Cancelled } => new ShipmentReply("cancelled"),
            null => await SavedAsync(Shipment.NeverCreated(orderId, now), ""),
            _ when stored.Shipment.Move(ShipmentStatus.Cancelled, now) is { } cancelled => await SavedAsync(cancelled, stored.ETag),
            _ => new ShipmentReply("dispatched"),
        };
    });

    private async Task<ShipmentReply?> SavedAsync(Shipment cancelled, string etag) =>
        await store.TrySaveAsync(cancelled, etag) ? new ShipmentReply("cancelled") : null;
}
