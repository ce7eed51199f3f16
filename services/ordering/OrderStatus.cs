namespace DaprShop.Ordering;

/// <summary>Where an order stands, as the public API names it. Up to <see cref="Confirmed"/> in the order of the saga's steps.</summary>
public enum OrderStatus
{
    Submitted,
    StockReserved,
    PaymentAuthorized,
    ShipmentCreated,
    Confirmed,
    Shipped,
    Delivered,

    /// <summary>What was done is being undone; ends as rejected or cancelled, or shipped when the parcel has already left.</summary>
    Cancelling,
    Rejected,
    Cancelled,
}

/// <summary>Why an order was rejected.</summary>
public enum RejectReason
{
    OutOfStock,
    PaymentDeclined,
    PaymentUnavailable,
    ShippingUnavailable,
    DeadlineExceeded,
}

public static class OrderStatuses
{
    /// <summary>True where the saga has nothing more to do unless somebody asks.</summary>
    public static bool IsRest(this OrderStatus status) => status
        is OrderStatus.Confirmed or OrderStatus.Shipped or OrderStatus.Delivered or OrderStatus.Rejected or OrderStatus.Cancelled;

    /// <summary>True where nothing will ever change again.</summary>
    public static bool IsFinal(this OrderStatus status) => status
        is OrderStatus.Delivered or OrderStatus.Rejected or OrderStatus.Cancelled;
}
