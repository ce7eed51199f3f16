namespace DaprShop.Ordering;

/// <summary>
/// An order: the fold of its events. Pure: no clock, no input or output. What may happen next stands in <see cref="OrderTransitions"/>,
/// what should be done next in <see cref="Saga"/>.
/// </summary>
public sealed record Order
{
    private uint _happened;

    private Order(string id, OrderDetails details, DateTimeOffset placedAt) => (Id, Details, PlacedAt) = (id, details, placedAt);

    public string Id { get; }

    public OrderDetails Details { get; }

    public DateTimeOffset PlacedAt { get; }

    public DateTimeOffset UpdatedAt { get; private init; }

    public OrderStatus Status { get; private init; }

    /// <summary>How many events it is made of.</summary>
    public int Version { get; private init; }

    /// <summary>Why it turned back, unless the member cancelled it.</summary>
    public RejectReason? Reason { get; private init; }

    /// <summary>The status in which it turned back, which tells what there may be to undo.</summary>
    public OrderStatus? TurnedBackAt { get; private init; }

    /// <summary>The order that <paramref name="events"/> tell of.</summary>
    /// <param name="id">The order's id.</param>
    /// <param name="events">The whole stream; the first is <see cref="OrderEventType.Submitted"/>.</param>
    public static Order Fold(string id, IEnumerable<OrderEvent> events) =>
        events.Aggregate((Order?)null, (order, happened) => order is null ? Begin(id, happened) : order.Apply(happened))
        ?? throw new ArgumentException("An order begins with an event.", nameof(events));

    public bool Has(OrderEventType type) => (_happened & Bit(type)) != 0;

    /// <summary>The order after <paramref name="happened"/>.</summary>
    /// <exception cref="InvalidOperationException">It cannot happen now.</exception>
    public Order Apply(OrderEvent happened)
    {
        var next = OrderTransitions.Next(this, happened.Type)
            ?? throw new InvalidOperationException($"{happened.Type} cannot happen to an order that is {Status}.");
        var turnsBack = next == OrderStatus.Cancelling && Status != OrderStatus.Cancelling;
        return this with
        {
            Status = next,
            Version = Version + 1,
            UpdatedAt = happened.At,
            Reason = turnsBack ? happened.Reason : Reason,
            TurnedBackAt = turnsBack ? Status : TurnedBackAt,
            _happened = _happened | Bit(happened.Type),
        };
    }

    /// <summary>
    /// The events to append when <paramref name="outcome"/> is learned: it and what follows from it at once, or nothing when it is stale,
    /// a duplicate, or comes too late.
    /// </summary>
    public IReadOnlyList<OrderEvent> Learn(OrderEvent outcome)
    {
        if (OrderTransitions.Next(this, outcome.Type) is null) return [];
        var order = Apply(outcome);
        return OrderTransitions.Consequence(order) is { } consequence
            ? [outcome, new OrderEvent(consequence, outcome.At)]
            : [outcome];
    }

    private static Order Begin(string id, OrderEvent submitted) =>
        new(id, submitted.Details ?? throw new ArgumentException("An order begins with what was ordered.", nameof(submitted)), submitted.At)
        {
            Version = 1,
            UpdatedAt = submitted.At,
            _happened = Bit(OrderEventType.Submitted),
        };

    private static uint Bit(OrderEventType type) => 1u << (int)type;
}
