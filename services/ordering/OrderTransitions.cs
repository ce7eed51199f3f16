using static DaprShop.Ordering.OrderEventType;

namespace DaprShop.Ordering;

/// <summary>The legal transitions of an order, all of them. What is not here, or has happened before, does not happen.</summary>
public static class OrderTransitions
{
    /// <summary>One row: in <paramref name="From"/>, <paramref name="On"/> leads to <paramref name="To"/>, provided <paramref name="When"/>.</summary>
    public sealed record Row(OrderStatus From, OrderEventType On, OrderStatus To, Func<Order, bool>? When = null);

    /// <summary>The table.</summary>
    public static IReadOnlyList<Row> Table { get; } =
    [
        new(OrderStatus.Submitted, StockReserved, OrderStatus.StockReserved),
        new(OrderStatus.Submitted, StockRefused, OrderStatus.Cancelling),
        new(OrderStatus.Submitted, StepFailed, OrderStatus.Cancelling),
        new(OrderStatus.Submitted, CancelRequested, OrderStatus.Cancelling),

        new(OrderStatus.StockReserved, PaymentAuthorized, OrderStatus.PaymentAuthorized),
        new(OrderStatus.StockReserved, PaymentDeclined, OrderStatus.Cancelling),
        new(OrderStatus.StockReserved, StepFailed, OrderStatus.Cancelling),
        new(OrderStatus.StockReserved, CancelRequested, OrderStatus.Cancelling),

        new(OrderStatus.PaymentAuthorized, ShipmentCreated, OrderStatus.ShipmentCreated),
        new(OrderStatus.PaymentAuthorized, ShipmentRefused, OrderStatus.Cancelling),
        new(OrderStatus.PaymentAuthorized, StepFailed, OrderStatus.Cancelling),
        new(OrderStatus.PaymentAuthorized, CancelRequested, OrderStatus.Cancelling),

        new(OrderStatus.ShipmentCreated, PaymentCaptured, OrderStatus.ShipmentCreated),
        new(OrderStatus.ShipmentCreated, StockCommitted, OrderStatus.ShipmentCreated),
        new(OrderStatus.ShipmentCreated, Confirmed, OrderStatus.Confirmed, IsPaidAndCommitted),
        new(OrderStatus.ShipmentCreated, StepFailed, OrderStatus.Cancelling),
        new(OrderStatus.ShipmentCreated, CancelRequested, OrderStatus.Cancelling),

        new(OrderStatus.Confirmed, CancelRequested, OrderStatus.Cancelling),
        new(OrderStatus.Confirmed, Shipped, OrderStatus.Shipped),
        new(OrderStatus.Shipped, Delivered, OrderStatus.Delivered),
        new(OrderStatus.Shipped, Returned, OrderStatus.Shipped),
        new(OrderStatus.Delivered, Returned, OrderStatus.Delivered),

        new(OrderStatus.Cancelling, ShipmentCancelled, OrderStatus.Cancelling),
        new(OrderStatus.Cancelling, PaymentReversed, OrderStatus.Cancelling),
        new(OrderStatus.Cancelling, StockReleased, OrderStatus.Cancelling),
        new(OrderStatus.Cancelling, CancelRefused, OrderStatus.Confirmed, MayHaveLeft),
        new(OrderStatus.Cancelling, Shipped, OrderStatus.Shipped, MayHaveLeft),
        new(OrderStatus.Cancelling, Rejected, OrderStatus.Rejected, order => IsUndone(order) && order.Reason is not null),
        new(OrderStatus.Cancelling, Cancelled, OrderStatus.Cancelled, order => IsUndone(order) && order.Reason is null),
    ];

    private static readonly Dictionary<(OrderStatus From, OrderEventType On), Row> s_rows = Table.ToDictionary(row => (row.From, row.On));

    private static readonly OrderEventType[] s_ends = [Confirmed, Rejected, Cancelled];

    /// <summary>The status <paramref name="type"/> would lead to, or null when it cannot happen (any more).</summary>
    public static OrderStatus? Next(Order order, OrderEventType type) =>
        !order.Has(type) && s_rows.TryGetValue((order.Status, type), out var row) && (row.When is null || row.When(order)) ? row.To : null;

    /// <summary>What follows by itself: confirmation once all is done, the end once all is undone, and what could not be called back has left.</summary>
    internal static OrderEventType? Consequence(Order order)
    {
        foreach (var end in s_ends)
            if (Next(order, end) is not null) return end;
        return order.Has(CancelRefused) && Next(order, Shipped) is not null ? Shipped : null;
    }

    private static bool IsPaidAndCommitted(Order order) => order.Has(PaymentCaptured) && order.Has(StockCommitted);

    private static bool IsUndone(Order order) => Saga.Next(order).Count == 0;

    /// <summary>Shipping waits for the confirmation, so only what was confirmed can have left, and not once it was called back.</summary>
    private static bool MayHaveLeft(Order order) => order.TurnedBackAt == OrderStatus.Confirmed && !order.Has(ShipmentCancelled);
}
