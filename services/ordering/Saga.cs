namespace DaprShop.Ordering;

/// <summary>A call to a participant, that does or undoes.</summary>
public enum SagaStep
{
    ReserveStock,
    AuthorizePayment,
    CreateShipment,
    CapturePayment,
    CommitStock,
    CancelShipment,
    ReversePayment,
    ReleaseStock,
}

/// <summary>
/// The order saga (orchestrated; H. Garcia-Molina, K. Salem, "Sagas", 1987): what to do next, said from the order alone, so that any
/// process can go on where another stopped. A step is asked again until its answer is recorded; participants are idempotent by order id.
/// Answers are recorded several at a time (see <see cref="OrderDriver"/>), so what is recorded never says which steps were not yet asked.
/// </summary>
public static class Saga
{
    private static readonly Pair[] s_plan =
    [
        new(OrderStatus.Submitted, SagaStep.ReserveStock, OrderEventType.StockReserved,
            SagaStep.ReleaseStock, OrderEventType.StockReleased, RejectReason.DeadlineExceeded),
        new(OrderStatus.StockReserved, SagaStep.AuthorizePayment, OrderEventType.PaymentAuthorized,
            SagaStep.ReversePayment, OrderEventType.PaymentReversed, RejectReason.PaymentUnavailable),
        new(OrderStatus.PaymentAuthorized, SagaStep.CreateShipment, OrderEventType.ShipmentCreated,
            SagaStep.CancelShipment, OrderEventType.ShipmentCancelled, RejectReason.ShippingUnavailable),
        new(OrderStatus.ShipmentCreated, SagaStep.CapturePayment, OrderEventType.PaymentCaptured,
            SagaStep.ReversePayment, OrderEventType.PaymentReversed, RejectReason.PaymentUnavailable),
        new(OrderStatus.ShipmentCreated, SagaStep.CommitStock, OrderEventType.StockCommitted,
            SagaStep.ReleaseStock, OrderEventType.StockReleased, RejectReason.DeadlineExceeded),
    ];

    /// <summary>
    /// The same pairs as they are undone: newest first. Capture and commit are the second halves of authorisation and reservation and are
    /// undone with them, so the shipment, the only one that can refuse because the parcel has left, always comes first.
    /// </summary>
    private static readonly Pair[] s_wayBack = [.. s_plan.DistinctBy(pair => pair.Undo).Reverse()];

    private static readonly OrderEventType[] s_refusals =
        [OrderEventType.StockRefused, OrderEventType.PaymentDeclined, OrderEventType.ShipmentRefused];

    /// <summary>The steps to take now, which may run side by side; none at rest.</summary>
    public static IReadOnlyList<SagaStep> Next(Order order) => order.Status switch
    {
        OrderStatus.Cancelling => [.. s_wayBack.Where(pair => IsToUndo(pair, order)).Take(1).Select(pair => pair.Undo)],
        _ => [.. Ahead(order).Select(pair => pair.Do)],
    };

    /// <summary>The time by which the step ahead must have been answered; null on the way back, which has no deadline.</summary>
    /// <param name="order">The order.</param>
    /// <param name="triedSince">Since when it is tried without pause: time in which nobody asked does not count.</param>
    /// <param name="stepBudget">How long a step may take.</param>
    public static DateTimeOffset? Deadline(Order order, DateTimeOffset triedSince, TimeSpan stepBudget) =>
        Ahead(order).Any() ? (order.UpdatedAt > triedSince ? order.UpdatedAt : triedSince) + stepBudget : null;

    /// <summary>The event that turns the saga back because the step ahead got no answer in time.</summary>
    public static OrderEvent GiveUp(Order order, DateTimeOffset now) =>
        new(OrderEventType.StepFailed, now) { Reason = Ahead(order).First().Unavailable };

    private static IEnumerable<Pair> Ahead(Order order) => s_plan.Where(pair => pair.At == order.Status && !order.Has(pair.Done));

    /// <summary>
    /// Whatever may have been asked is undone, whatever it answered: undoing what was not done is harmless, and leaves a tombstone
    /// that stops a request still on its way. Only a refusal, which a participant repeats for ever, proves that no later step was asked.
    /// </summary>
    private static bool IsToUndo(Pair pair, Order order) =>
        !order.Has(pair.Undone) && (pair.At <= order.TurnedBackAt || !s_refusals.Any(order.Has));

    private sealed record Pair(
        OrderStatus At, SagaStep Do, OrderEventType Done, SagaStep Undo, OrderEventType Undone, RejectReason Unavailable);
}
