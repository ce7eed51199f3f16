using DaprShop.Common;
using DaprShop.Contracts;
using static DaprShop.Ordering.OrderEventType;

namespace DaprShop.Ordering;

/// <summary>The payment steps of the saga. Answers the event an order learns, or null when the reply says nothing usable.</summary>
public sealed class PaymentClient(Peer payment, TimeProvider time)
{
    public async Task<OrderEvent?> Authorize(Order order, string paymentToken, CancellationToken cancellation)
    {
        var command = new AuthorizePayment(order.Details.MemberId, order.Details.Total(), paymentToken);
        var reply = await payment.PostAsync<PaymentReply>($"internal/payments/{order.Id}/authorize", command, cancellation);
        return reply?.Outcome switch
        {
            "authorized" => new OrderEvent(PaymentAuthorized, time.GetUtcNow()),
            "declined" => new OrderEvent(PaymentDeclined, time.GetUtcNow()) { Reason = RejectReason.PaymentDeclined },
            "reversed" => Unavailable(),
            _ => null,
        };
    }

    public async Task<OrderEvent?> Capture(Order order, CancellationToken cancellation)
    {
        var reply = await payment.PostAsync<PaymentReply>(
            $"internal/payments/{order.Id}/capture", new CapturePayment(order.Details.Total()), cancellation);
        return reply?.Outcome switch
        {
            "captured" => new OrderEvent(PaymentCaptured, time.GetUtcNow()),
            "reversed" => Unavailable(),
            _ => null,
        };
    }

    public async Task<OrderEvent?> Reverse(Order order, CancellationToken cancellation)
    {
        var reply = await payment.PostAsync<PaymentReply>($"internal/payments/{order.Id}/reverse", null, cancellation);
        return reply?.Outcome is "voided" or "refunded" or "none" ? new OrderEvent(PaymentReversed, time.GetUtcNow()) : null;
    }

    private OrderEvent Unavailable() => new(StepFailed, time.GetUtcNow()) { Reason = RejectReason.PaymentUnavailable };
}
