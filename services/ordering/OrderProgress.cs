namespace DaprShop.Ordering;

/// <summary>
/// An order as one run of the driver knows it: what its actor has recorded, and what the run has learned since. Recording costs a turn and a
/// durable write, and nothing is lost without it, since participants answer the same again; so what is learned is gathered until it matters.
/// </summary>
public sealed class OrderProgress(string orderId, OrderFile recorded)
{
    private readonly List<OrderEvent> _learned = [];
    private Order _recordedOrder = recorded.Order(orderId);

    /// <summary>The order as recorded.</summary>
    public OrderFile Recorded { get; private set; } = recorded;

    /// <summary>The order as known, from which the next step follows.</summary>
    public Order Order { get; private set; } = recorded.Order(orderId);

    public bool IsRecorded => _learned.Count == 0;

    /// <summary>True when the order comes to rest or turns back by what was learned: before that is recorded, nothing else is done.</summary>
    public bool IsAtTurn =>
        !IsRecorded && (Order.Status.IsRest() || (Order.Status == OrderStatus.Cancelling && _recordedOrder.Status != OrderStatus.Cancelling));

    /// <summary>Takes in outcomes; those that are stale or repeated change nothing.</summary>
    public void Learn(IEnumerable<OrderEvent> outcomes)
    {
        foreach (var outcome in outcomes)
        {
            var before = Order;
            Order = before.Learn(outcome).Aggregate(before, (order, happened) => order.Apply(happened));
            if (Order.Version > before.Version) _learned.Add(outcome);
        }
    }

    /// <summary>What the actor is to record.</summary>
    public OrderReport Report() => new([.. _learned], Recorded.Events.Count);

    /// <summary>The actor has recorded what was reported; what others have recorded meanwhile comes with it.</summary>
    public void Take(OrderNews news)
    {
        _learned.Clear();
        Recorded = Recorded with { Events = [.. Recorded.Events, .. news.Events] };
        Order = _recordedOrder = Recorded.Order(orderId);
    }
}
