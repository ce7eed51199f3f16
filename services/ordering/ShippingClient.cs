using DaprShop.Common;
using DaprShop.Contracts;
using Microsoft.Extensions.Caching.Memory;
using static DaprShop.Ordering.OrderEventType;

namespace DaprShop.Ordering;

/// <summary>Rates, and the shipment steps of the saga. Steps answer the event an order learns, or null when the reply says nothing usable.</summary>
public sealed class ShippingClient(Peer shipping, TimeProvider time, OrderingOptions options) : IDisposable
{
    private const int MostRates = 10_000;

    private readonly MemoryCache _rates = new(new MemoryCacheOptions { SizeLimit = MostRates });

    /// <summary>The methods that reach a country; none when nothing does. A price list changes seldom: an answer is good for a while.</summary>
    /// <exception cref="PeerUnavailableException">No answer.</exception>
    public async Task<IReadOnlyList<ShippingRate>> Rates(string country, int weightGrams, CancellationToken cancellation)
    {
        if (_rates.TryGetValue((country, weightGrams), out IReadOnlyList<ShippingRate>? known)) return known!;
        var rates = await shipping.GetAsync<ShippingRates>($"api/shipping/rates?country={country}&weight={weightGrams}", cancellation);
        if (rates is null) return [];
        return _rates.Set(
            (country, weightGrams), rates.Items, new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = options.RatesAreGoodFor });
    }

    public void Dispose() => _rates.Dispose();

    public async Task<OrderEvent?> Create(Order order, PostalAddress address, CancellationToken cancellation)
    {
        var command = new CreateShipment(order.Details.MemberId, order.Details.ShippingMethod, order.Details.WeightGrams, address);
        var reply = await shipping.PutAsync<ShipmentReply>($"internal/shipments/{order.Id}", command, cancellation);
        return reply?.Outcome switch
        {
            "created" => new OrderEvent(ShipmentCreated, time.GetUtcNow()) { TrackingNumber = reply.TrackingNumber },
            "refused" => new OrderEvent(ShipmentRefused, time.GetUtcNow()) { Reason = RejectReason.ShippingUnavailable },
            "cancelled" => new OrderEvent(StepFailed, time.GetUtcNow()) { Reason = RejectReason.ShippingUnavailable },
            _ => null,
        };
    }

    public async Task<OrderEvent?> Cancel(Order order, CancellationToken cancellation)
    {
        var reply = await shipping.PostAsync<ShipmentReply>($"internal/shipments/{order.Id}/cancel", null, cancellation);
        return reply?.Outcome switch
        {
            "cancelled" => new OrderEvent(ShipmentCancelled, time.GetUtcNow()),
            "dispatched" => new OrderEvent(CancelRefused, time.GetUtcNow()),
            _ => null,
        };
    }
}
