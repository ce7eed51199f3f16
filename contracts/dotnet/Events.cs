namespace DaprShop.Contracts;

/// <summary>Topic names: <c>&lt;service&gt;.&lt;past-participle&gt;</c>. Each has a JSON Schema of the same name in contracts/events.</summary>
public static class Topics
{
    public const string MembersRegistered = "members.registered";
    public const string CatalogProductChanged = "catalog.product-changed";
    public const string InventoryStockChanged = "inventory.stock-changed";
    public const string OrdersSubmitted = "orders.submitted";
    public const string OrdersConfirmed = "orders.confirmed";
    public const string OrdersRejected = "orders.rejected";
    public const string OrdersCancelled = "orders.cancelled";
    public const string OrdersShipped = "orders.shipped";
    public const string OrdersDelivered = "orders.delivered";
    public const string PaymentAuthorized = "payment.authorized";
    public const string PaymentCaptured = "payment.captured";
    public const string PaymentVoided = "payment.voided";
    public const string PaymentRefunded = "payment.refunded";
    public const string PaymentDeclined = "payment.declined";
    public const string ShippingDispatched = "shipping.dispatched";
    public const string ShippingDelivered = "shipping.delivered";
    public const string ShippingReturned = "shipping.returned";
}

/// <summary>
/// What every event carries. <see cref="EventId"/> is deterministic (the same fact always has the same id), is also the CloudEvent's
/// <c>id</c>, and is what consumers deduplicate by. Events never carry addresses, e-mail, names of people, tokens or card data.
/// </summary>
public interface IShopEvent
{
    string EventId { get; }

    DateTimeOffset OccurredAt { get; }
}

/// <summary><c>members.registered</c>; id <c>member-{memberId}-registered</c>.</summary>
public sealed record MemberRegistered(string EventId, DateTimeOffset OccurredAt, string MemberId) : IShopEvent;

/// <summary><c>catalog.product-changed</c>; id <c>product-{productId}-{version}</c>. State transfer: the whole public product, latest version wins.</summary>
/// <param name="Version">Grows by one with each change of the product; consumers ignore what is not newer than what they hold.</param>
/// <param name="Deleted">True when the product is gone; the other fields then hold its last state.</param>
/// <param name="WeightGrams">Shipping weight of one piece.</param>
public sealed record ProductChanged(
    string EventId, DateTimeOffset OccurredAt, string ProductId, long Version, bool Deleted,
    string Name, string Category, Money Price, int WeightGrams, string ImageUrl) : IShopEvent;

/// <summary><c>inventory.stock-changed</c>; id <c>stock-{productId}-{version}</c>. State transfer, coalesced: latest version wins, some versions are never told.</summary>
public sealed record StockChanged(
    string EventId, DateTimeOffset OccurredAt, string ProductId, long Version, int OnHand, int Reserved, int Available) : IShopEvent;

/// <summary><c>orders.*</c>; id <c>order-{orderId}-{version}</c>, version being the position in the order's event stream.</summary>
/// <param name="Status">The order's status after the event, as in the public API.</param>
/// <param name="Reason">Only on rejected orders.</param>
public sealed record OrderChanged(
    string EventId, DateTimeOffset OccurredAt, string OrderId, string MemberId, long Version, string Status,
    IReadOnlyList<OrderedLine> Items, Money Total, string? Reason = null) : IShopEvent;

public sealed record OrderedLine(string ProductId, string Name, Money UnitPrice, int Quantity);

/// <summary><c>payment.*</c>; id <c>payment-{orderId}-{status}</c>.</summary>
/// <param name="Status"><c>authorized</c>, <c>captured</c>, <c>voided</c>, <c>refunded</c> or <c>declined</c>.</param>
public sealed record PaymentChanged(
    string EventId, DateTimeOffset OccurredAt, string OrderId, string MemberId, string Status, Money Amount) : IShopEvent;

/// <summary><c>shipping.*</c>; id <c>shipment-{orderId}-{status}</c>.</summary>
/// <param name="Status"><c>dispatched</c>, <c>delivered</c> or <c>returned</c>.</param>
public sealed record ShipmentChanged(
    string EventId, DateTimeOffset OccurredAt, string OrderId, string MemberId, string Status, string TrackingNumber) : IShopEvent;
