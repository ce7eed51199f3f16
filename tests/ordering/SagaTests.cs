using static DaprShop.Ordering.OrderEventType;
using static DaprShop.Ordering.SagaStep;

namespace DaprShop.Ordering.Tests;

public class SagaTests
{
    public static TheoryData<OrderEventType[], SagaStep[]> NextSteps => new()
    {
        { [], [ReserveStock] },
        { [StockReserved], [AuthorizePayment] },
        { [StockReserved, PaymentAuthorized], [CreateShipment] },
        { [StockReserved, PaymentAuthorized, ShipmentCreated], [CapturePayment, CommitStock] },
        { [StockReserved, PaymentAuthorized, ShipmentCreated, PaymentCaptured], [CommitStock] },
        { [StockReserved, PaymentAuthorized, ShipmentCreated, StockCommitted], [CapturePayment] },
        { [StockReserved, PaymentAuthorized, ShipmentCreated, PaymentCaptured, StockCommitted, Confirmed], [] },
        { [StockRefused], [ReleaseStock] },
        { [StockReserved, PaymentDeclined], [ReversePayment] },
        { [StockReserved, PaymentDeclined, PaymentReversed], [ReleaseStock] },
        { [CancelRequested], [CancelShipment] },
        { [StepFailed], [CancelShipment] },
        { [StockReserved, CancelRequested], [CancelShipment] },
        { [StockReserved, CancelRequested, ShipmentCancelled], [ReversePayment] },
        { [StockReserved, CancelRequested, ShipmentCancelled, PaymentReversed], [ReleaseStock] },
        { [StockReserved, PaymentAuthorized, CancelRequested], [CancelShipment] },
        { [StockReserved, PaymentAuthorized, CancelRequested, ShipmentCancelled], [ReversePayment] },
        { [StockReserved, PaymentAuthorized, ShipmentCreated, PaymentCaptured, CancelRequested], [CancelShipment] },
        { [StockReserved, PaymentAuthorized, ShipmentCreated, PaymentCaptured, StockCommitted, Confirmed, CancelRequested], [CancelShipment] },
        { [CancelRequested, ShipmentCancelled, PaymentReversed, StockReleased, Cancelled], [] },
    };

    [Theory]
    [MemberData(nameof(NextSteps))]
    public void The_order_alone_tells_the_next_step(OrderEventType[] happened, SagaStep[] next) =>
        Assert.Equal(next, Saga.Next(Some.Order(happened)));

    public static TheoryData<OrderEventType[], RejectReason> Exhausted => new()
    {
        { [], RejectReason.DeadlineExceeded },
        { [StockReserved], RejectReason.PaymentUnavailable },
        { [StockReserved, PaymentAuthorized], RejectReason.ShippingUnavailable },
        { [StockReserved, PaymentAuthorized, ShipmentCreated, StockCommitted], RejectReason.PaymentUnavailable },
        { [StockReserved, PaymentAuthorized, ShipmentCreated, PaymentCaptured], RejectReason.DeadlineExceeded },
    };

    [Theory]
    [MemberData(nameof(Exhausted))]
    public void A_step_without_an_answer_in_time_turns_the_order_back(OrderEventType[] happened, RejectReason reason)
    {
        var order = Some.Order(happened);
        var late = order.UpdatedAt + TimeSpan.FromSeconds(12);

        Assert.Equal(late, Saga.Deadline(order, DateTimeOffset.MinValue, TimeSpan.FromSeconds(12)));
        var turned = order.Apply(Saga.GiveUp(order, late));
        Assert.Equal((OrderStatus.Cancelling, reason), (turned.Status, turned.Reason));
    }

    [Fact]
    public void Time_in_which_nobody_asked_does_not_count()
    {
        var order = Some.Order(StockReserved);
        var restarted = order.UpdatedAt + TimeSpan.FromMinutes(10);

        Assert.Equal(restarted + TimeSpan.FromSeconds(12), Saga.Deadline(order, restarted, TimeSpan.FromSeconds(12)));
    }

    [Fact]
    public void The_way_back_has_no_deadline() =>
        Assert.Null(Saga.Deadline(Some.Order(CancelRequested), Some.Start, TimeSpan.FromSeconds(12)));
}
