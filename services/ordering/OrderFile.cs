using DaprShop.Contracts;

namespace DaprShop.Ordering;

/// <summary>
/// All that is kept of one order, in one document of its actor: the append-only stream, and the private data that steps still need. The
/// address and the token never enter the stream, events, or logs; the token goes when payment is settled.
/// </summary>
/// <param name="Events">The stream; an event's version is its position, from 1.</param>
public sealed record OrderFile(IReadOnlyList<OrderEvent> Events, PostalAddress ShippingAddress, string? PaymentToken = null)
{
    public static OrderFile Open(Submission submission, DateTimeOffset now) => new(
        [new OrderEvent(OrderEventType.Submitted, now) { Details = submission.Details }],
        submission.ShippingAddress, submission.PaymentToken);

    public Order Order(string id) => Ordering.Order.Fold(id, Events);

    /// <summary>True while the saga has something to do.</summary>
    public bool IsOpen(string id) => !Order(id).Status.IsRest();

    /// <summary>The file after <paramref name="outcomes"/> were learned; those that are stale or repeated change nothing.</summary>
    public OrderFile Learn(string id, IEnumerable<OrderEvent> outcomes)
    {
        var order = Order(id);
        List<OrderEvent> learned = [];
        foreach (var outcome in outcomes)
        {
            var events = order.Learn(outcome);
            order = events.Aggregate(order, (current, happened) => current.Apply(happened));
            learned.AddRange(events);
        }
        if (learned.Count == 0) return this;
        return this with
        {
            Events = [.. Events, .. learned],
            PaymentToken = order.Status is OrderStatus.Submitted or OrderStatus.StockReserved ? PaymentToken : null,
        };
    }
}

/// <summary>What <see cref="IOrderActor.Submit"/> is given.</summary>
public sealed record Submission(OrderDetails Details, PostalAddress ShippingAddress, string PaymentToken);

/// <summary>What <see cref="IOrderActor.Record"/> is given.</summary>
/// <param name="Outcomes">What steps came to, oldest first.</param>
/// <param name="Seen">The version the caller knows.</param>
public sealed record OrderReport(IReadOnlyList<OrderEvent> Outcomes, int Seen);

/// <summary>What <see cref="IOrderActor.Record"/> answers.</summary>
/// <param name="Events">The events after the version the caller knew.</param>
public sealed record OrderNews(IReadOnlyList<OrderEvent> Events);

/// <summary>What <see cref="IOrderActor.RequestCancel"/> answers.</summary>
/// <param name="Accepted">False once the order has left, or was rejected.</param>
/// <param name="File">The order as it is now.</param>
public sealed record CancelAnswer(bool Accepted, OrderFile File);

/// <summary>What <see cref="IOrderActor.ShipmentMoved"/> is given.</summary>
/// <param name="Status"><c>dispatched</c>, <c>delivered</c> or <c>returned</c>.</param>
public sealed record ShipmentMove(string Status);

/// <summary>What <see cref="IOrderActor.ShipmentMoved"/> answers.</summary>
/// <param name="Before">The version before; the present one when this was known already.</param>
/// <param name="File">The order as it is now.</param>
public sealed record ShipmentAnswer(int Before, OrderFile File);
