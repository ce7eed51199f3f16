using static DaprShop.Ordering.OrderEventType;

namespace DaprShop.Ordering.Tests;

public class OrderTests
{
    private static readonly OrderEventType[] s_toShipmentCreated = [StockReserved, PaymentAuthorized, ShipmentCreated];
    private static readonly OrderEventType[] s_toConfirmed = [.. s_toShipmentCreated, PaymentCaptured, StockCommitted, Confirmed];

    [Fact]
    public void An_order_is_the_fold_of_its_events()
    {
        var order = Some.Order(s_toConfirmed);

        Assert.Equal((OrderStatus.Confirmed, 7), (order.Status, order.Version));
        Assert.Equal(Some.Usd(5700), order.Details.Subtotal());
        Assert.Equal(Some.Usd(6199), order.Details.Total());
    }

    public static TheoryData<OrderEventType[], OrderEventType, OrderStatus> Legal => new()
    {
        { [], StockReserved, OrderStatus.StockReserved },
        { [], StockRefused, OrderStatus.Cancelling },
        { [], CancelRequested, OrderStatus.Cancelling },
        { [StockReserved], PaymentAuthorized, OrderStatus.PaymentAuthorized },
        { [StockReserved], PaymentDeclined, OrderStatus.Cancelling },
        { [StockReserved], StepFailed, OrderStatus.Cancelling },
        { [StockReserved, PaymentAuthorized], ShipmentCreated, OrderStatus.ShipmentCreated },
        { [StockReserved, PaymentAuthorized], ShipmentRefused, OrderStatus.Cancelling },
        { s_toShipmentCreated, PaymentCaptured, OrderStatus.ShipmentCreated },
        { s_toShipmentCreated, StockCommitted, OrderStatus.ShipmentCreated },
        { [.. s_toShipmentCreated, StockCommitted, PaymentCaptured], Confirmed, OrderStatus.Confirmed },
        { s_toConfirmed, CancelRequested, OrderStatus.Cancelling },
        { s_toConfirmed, Shipped, OrderStatus.Shipped },
        { [.. s_toConfirmed, Shipped], Delivered, OrderStatus.Delivered },
        { [.. s_toConfirmed, Shipped], Returned, OrderStatus.Shipped },
        { [.. s_toConfirmed, CancelRequested], CancelRefused, OrderStatus.Confirmed },
        { [.. s_toConfirmed, CancelRequested], Shipped, OrderStatus.Shipped },
        { [CancelRequested], StockReleased, OrderStatus.Cancelling },
        { [CancelRequested, ShipmentCancelled, PaymentReversed, StockReleased], Cancelled, OrderStatus.Cancelled },
    };

    [Theory]
    [MemberData(nameof(Legal))]
    public void What_is_in_the_table_happens(OrderEventType[] before, OrderEventType happens, OrderStatus then) =>
        Assert.Equal(then, Some.Order([.. before, happens]).Status);

    public static TheoryData<OrderEventType[], OrderEventType> Illegal => new()
    {
        { [], Submitted },
        { [], PaymentAuthorized },
        { [], Confirmed },
        { [], Shipped },
        { [StockReserved], StockReserved },
        { s_toShipmentCreated, Confirmed },
        { [.. s_toShipmentCreated, PaymentCaptured], Confirmed },
        { [.. s_toShipmentCreated, PaymentCaptured], PaymentCaptured },
        { s_toConfirmed, StepFailed },
        { s_toConfirmed, Delivered },
        { [.. s_toConfirmed, Shipped], CancelRequested },
        { [CancelRequested], StockReserved },
        { [CancelRequested], Cancelled },
        { [CancelRequested], CancelRefused },
        { [CancelRequested], Shipped },
        { [.. s_toConfirmed, CancelRequested, ShipmentCancelled], Shipped },
        { [.. s_toConfirmed, CancelRequested, CancelRefused], CancelRequested },
        { [CancelRequested, StockReleased], Cancelled },
        { [CancelRequested, ShipmentCancelled, PaymentReversed, StockReleased], Rejected },
        { [CancelRequested, ShipmentCancelled, PaymentReversed, StockReleased, Cancelled], CancelRequested },
    };

    [Theory]
    [MemberData(nameof(Illegal))]
    public void What_is_not_in_the_table_does_not_happen(OrderEventType[] before, OrderEventType happens)
    {
        var order = Some.Order(before);

        Assert.Null(OrderTransitions.Next(order, happens));
        Assert.Empty(order.Learn(Some.Event(happens)));
        Assert.Throws<InvalidOperationException>(() => order.Apply(Some.Event(happens)));
    }

    [Fact]
    public void Confirmation_follows_capture_and_commit_in_either_order()
    {
        var paid = Some.Order([.. s_toShipmentCreated, PaymentCaptured]);
        var committed = Some.Order([.. s_toShipmentCreated, StockCommitted]);

        Assert.Equal([StockCommitted, Confirmed], Types(paid.Learn(Some.Event(StockCommitted))));
        Assert.Equal([PaymentCaptured, Confirmed], Types(committed.Learn(Some.Event(PaymentCaptured))));
    }

    [Fact]
    public void The_end_follows_the_last_thing_undone()
    {
        var refused = Ordering.Order.Fold(Some.OrderId, [Some.Event(Submitted), Some.Event(StockRefused, RejectReason.OutOfStock)]);
        var cancelled = Some.Order(CancelRequested, ShipmentCancelled, PaymentReversed);

        Assert.Equal([StockReleased, Rejected], Types(refused.Learn(Some.Event(StockReleased))));
        Assert.Equal([StockReleased, Cancelled], Types(cancelled.Learn(Some.Event(StockReleased))));
    }

    [Fact]
    public void A_parcel_that_cannot_be_called_back_is_shipped() =>
        Assert.Equal([CancelRefused, Shipped], Types(Some.Order([.. s_toConfirmed, CancelRequested]).Learn(Some.Event(CancelRefused))));

    [Fact]
    public void A_payment_token_is_kept_only_until_payment_is_settled()
    {
        var file = OrderFile.Open(new Submission(Some.Details(), Some.Address, "tok_ok"), Some.Start);
        var reserved = file.Learn(Some.OrderId, [Some.Event(StockReserved)]);

        Assert.Equal("tok_ok", reserved.PaymentToken);
        Assert.Null(reserved.Learn(Some.OrderId, [Some.Event(PaymentAuthorized)]).PaymentToken);
        Assert.Null(reserved.Learn(Some.OrderId, [Some.Event(PaymentDeclined, RejectReason.PaymentDeclined)]).PaymentToken);
        Assert.Null(file.Learn(Some.OrderId, [Some.Event(CancelRequested)]).PaymentToken);
    }

    [Fact]
    public void An_order_is_open_until_it_rests()
    {
        var file = OrderFile.Open(new Submission(Some.Details(), Some.Address, "tok_ok"), Some.Start);
        var confirmed = file.Learn(Some.OrderId, s_toConfirmed.Select(type => Some.Event(type)));

        Assert.True(file.IsOpen(Some.OrderId));
        Assert.False(confirmed.IsOpen(Some.OrderId));
        Assert.True(confirmed.Learn(Some.OrderId, [Some.Event(CancelRequested)]).IsOpen(Some.OrderId));
    }

    private static IEnumerable<OrderEventType> Types(IEnumerable<OrderEvent> events) => events.Select(happened => happened.Type);
}
