using Dapr.Actors;
using Dapr.Actors.Client;

namespace DaprShop.Shipping;

/// <summary>Calls to the couriers. Each order has one of a few, so that a burst of orders is a few calls.</summary>
public sealed class Couriers(IActorProxyFactory actors, ShipmentStore store, CourierTimes times, TimeProvider time)
{
    /// <summary>A power of two up to 16: an order's courier is picked by the last hexadecimal digit of its id.</summary>
    private const int Count = 8;

    /// <summary>The orders are confirmed: their parcels go. Parcels that have left already, or never will, are passed over.</summary>
    public async Task ExpectAsync(IEnumerable<string> orderIds)
    {
        var now = time.GetUtcNow();
        var waiting = (await store.FindAllAsync(orderIds))
            .Where(stored => stored.Shipment.Status is ShipmentStatus.Created)
            .Select(stored => new Expected(stored.Shipment.OrderId, times.DispatchAt(stored.Shipment, now)))
            .GroupBy(parcel => CourierOf(parcel.OrderId));
        await Task.WhenAll(waiting.Select(courier =>
            Actor(courier.Key).InvokeMethodAsync<IReadOnlyList<Expected>>(nameof(ICourierActor.Expect), [.. courier])));
    }

    /// <inheritdoc cref="ICourierActor.Hurry"/>
    public Task<bool> HurryAsync(Stop stop) =>
        Actor(CourierOf(stop.OrderId)).InvokeMethodAsync<Stop, bool>(nameof(ICourierActor.Hurry), stop);

    private ActorProxy Actor(int courier) => actors.Create(new ActorId($"courier-{courier}"), nameof(CourierActor));

    private static int CourierOf(string orderId) => Convert.ToInt32(orderId[^1..], 16) % Count;
}
