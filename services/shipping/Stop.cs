namespace DaprShop.Shipping;

/// <summary>Where a courier is expected: a parcel, and where it shall be moved to.</summary>
public sealed record Stop(string OrderId, ShipmentStatus To);

/// <summary>
/// When a courier is expected where. Time is cut into slots, so that what is due together is stored, read and done together, and a
/// thousand waiting parcels do not make each change of the list a thousand lines long.
/// </summary>
public static class Slots
{
    public static readonly TimeSpan Length = TimeSpan.FromSeconds(1);

    /// <summary>The first slot that begins at <paramref name="due"/> or later.</summary>
    public static long At(DateTimeOffset due) => (due.UtcTicks + Length.Ticks - 1) / Length.Ticks;

    /// <summary>The last slot that has begun.</summary>
    public static long Begun(DateTimeOffset now) => now.UtcTicks / Length.Ticks;
}
