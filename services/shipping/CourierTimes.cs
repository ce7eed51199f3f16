namespace DaprShop.Shipping;

/// <summary>How long parcels take in this world; section <c>Shipping</c> of the configuration.</summary>
/// <param name="DispatchAfter">From confirmed to dispatched; express parcels take half as long.</param>
/// <param name="DeliverAfter">From dispatched to delivered.</param>
/// <param name="RoundEvery">How often a courier with parcels looks at the list.</param>
public sealed record CourierTimes(TimeSpan DispatchAfter, TimeSpan DeliverAfter, TimeSpan RoundEvery)
{
    public static CourierTimes From(IConfiguration configuration)
    {
        var shipping = configuration.GetSection("Shipping");
        return new CourierTimes(
            shipping.GetValue("DispatchAfter", TimeSpan.FromSeconds(20)),
            shipping.GetValue("DeliverAfter", TimeSpan.FromSeconds(20)),
            shipping.GetValue("RoundEvery", TimeSpan.FromSeconds(1)));
    }

    /// <summary>When a parcel that is confirmed <paramref name="now"/> leaves.</summary>
    public DateTimeOffset DispatchAt(Shipment shipment, DateTimeOffset now) =>
        now + (shipment.Method == Rates.Express ? DispatchAfter / 2 : DispatchAfter);
}
