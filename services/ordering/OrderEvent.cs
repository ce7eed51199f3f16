using DaprShop.Contracts;

namespace DaprShop.Ordering;

/// <summary>What can happen to an order. Each happens at most once in the life of one order.</summary>
public enum OrderEventType
{
    Submitted,
    StockReserved,
    StockRefused,
    PaymentAuthorized,
    PaymentDeclined,
    ShipmentCreated,
    ShipmentRefused,
    PaymentCaptured,
    StockCommitted,
    Confirmed,

    /// <summary>A step got no usable answer within its time: the saga turns back.</summary>
    StepFailed,
    CancelRequested,
    ShipmentCancelled,
    PaymentReversed,
    StockReleased,

    /// <summary>The parcel had left before it could be called back.</summary>
    CancelRefused,
    Rejected,
    Cancelled,
    Shipped,
    Delivered,
    Returned,
}

/// <summary>
/// One fact in the life of an order; its position in the stream, from 1, is the order's version. Holds nothing personal but the member's
/// id: never an address, never a payment token.
/// </summary>
/// <param name="Type">What happened.</param>
/// <param name="At">When it was learned.</param>
public sealed record OrderEvent(OrderEventType Type, DateTimeOffset At)
{
    /// <summary>What was ordered; only on <see cref="OrderEventType.Submitted"/>.</summary>
    public OrderDetails? Details { get; init; }

    /// <summary>Why the saga turns back; on refusals and failures.</summary>
    public RejectReason? Reason { get; init; }

    /// <summary>The products that lack stock; only on <see cref="OrderEventType.StockRefused"/>.</summary>
    public IReadOnlyList<string>? ProductIds { get; init; }

    /// <summary>Only on <see cref="OrderEventType.ShipmentCreated"/>.</summary>
    public string? TrackingNumber { get; init; }
}

/// <summary>What was ordered, at which prices: fixed when the order is placed.</summary>
/// <param name="MemberId">Whose order it is.</param>
/// <param name="Lines">1–50 lines, each product once, all prices in one currency.</param>
/// <param name="ShippingMethod"><c>standard</c> or <c>express</c>.</param>
/// <param name="ShippingCost">In the currency of the lines.</param>
/// <param name="WeightGrams">Of the whole parcel.</param>
public sealed record OrderDetails(
    string MemberId, IReadOnlyList<OrderedLine> Lines, string ShippingMethod, Money ShippingCost, int WeightGrams)
{
    public Money Subtotal() => Lines.Aggregate(Money.Zero(ShippingCost.Currency), (sum, line) => sum + (line.UnitPrice * line.Quantity));

    public Money Total() => Subtotal() + ShippingCost;
}
