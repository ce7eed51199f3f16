namespace DaprShop.Ordering;

/// <summary>What happened to an order, oldest first, with the status each event led to.</summary>
public sealed record OrderHistory(IReadOnlyList<OrderHistory.Entry> Items)
{
    public sealed record Entry(
        int Version, OrderEventType Type, OrderStatus Status, DateTimeOffset At, RejectReason? Reason = null,
        IReadOnlyList<string>? ProductIds = null, string? TrackingNumber = null);

    public static OrderHistory Of(string orderId, IReadOnlyList<OrderEvent> events)
    {
        List<Entry> items = [];
        Order? order = null;
        foreach (var happened in events)
        {
            order = order?.Apply(happened) ?? Order.Fold(orderId, [happened]);
            items.Add(new Entry(
                order.Version, happened.Type, order.Status, happened.At, happened.Reason, happened.ProductIds, happened.TrackingNumber));
        }
        return new OrderHistory(items);
    }
}
