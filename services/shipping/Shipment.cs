using System.Security.Cryptography;
using System.Text;
using DaprShop.Contracts;

namespace DaprShop.Shipping;

public enum ShipmentStatus
{
    Created,
    Cancelled,
    Dispatched,
    Delivered,
    Returned,
}

/// <summary>Something that happened to a parcel.</summary>
public sealed record ShipmentEvent(ShipmentStatus Status, DateTimeOffset At);

/// <summary>The parcel of one order. Pure: it moves only along the table of transitions.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="MemberId">Whose it is; empty when the order was cancelled before it ever got here.</param>
/// <param name="Method"><c>standard</c> or <c>express</c>.</param>
/// <param name="WeightGrams">What it weighs.</param>
/// <param name="TrackingNumber">What its place is asked by.</param>
/// <param name="Events">What happened, oldest first; the last is where it stands.</param>
/// <param name="Address">Where it goes; null once the parcel will not go anywhere.</param>
public sealed record Shipment(
    string OrderId, string MemberId, string Method, int WeightGrams, string TrackingNumber,
    IReadOnlyList<ShipmentEvent> Events, PostalAddress? Address = null)
{
    private static readonly Dictionary<ShipmentStatus, ShipmentStatus[]> s_transitions = new()
    {
        [ShipmentStatus.Created] = [ShipmentStatus.Cancelled, ShipmentStatus.Dispatched],
        [ShipmentStatus.Dispatched] = [ShipmentStatus.Delivered, ShipmentStatus.Returned],
        [ShipmentStatus.Delivered] = [ShipmentStatus.Returned],
        [ShipmentStatus.Cancelled] = [],
        [ShipmentStatus.Returned] = [],
    };

    /// <summary>Where the parcel stands.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public ShipmentStatus Status => Events[^1].Status;

    public static Shipment Create(string orderId, CreateShipment order, DateTimeOffset now) => new(
        orderId, order.MemberId, order.Method, order.WeightGrams, TrackingNumberOf(orderId),
        [new(ShipmentStatus.Created, now)], order.Address);

    /// <summary>A tombstone: the order was cancelled before it got here, and no parcel may be made any more.</summary>
    public static Shipment NeverCreated(string orderId, DateTimeOffset now) =>
        new(orderId, "", "", 0, TrackingNumberOf(orderId), [new(ShipmentStatus.Cancelled, now)]);

    /// <summary>When the parcel came to <paramref name="status"/>; null when it never did.</summary>
    public ShipmentEvent? Reached(ShipmentStatus status) => Events.FirstOrDefault(happened => happened.Status == status);

    /// <summary>The parcel one step further; null when that step is not possible from where it stands.</summary>
    public Shipment? Move(ShipmentStatus to, DateTimeOffset now) => s_transitions[Status].Contains(to)
        ? this with { Events = [.. Events, new(to, now)], Address = to is ShipmentStatus.Cancelled ? null : Address }
        : null;

    /// <summary>The same order always has the same number, which tells nothing of the order.</summary>
    private static string TrackingNumberOf(string orderId) =>
        "DS" + Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(orderId)), 0, 8);
}
