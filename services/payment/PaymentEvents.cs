using DaprShop.Contracts;

namespace DaprShop.Payment;

/// <summary>What the shop is told of a payment.</summary>
public static class PaymentEvents
{
    private static readonly Dictionary<PaymentStatus, (string Topic, string Status)> s_topics = new()
    {
        [PaymentStatus.Authorized] = (Topics.PaymentAuthorized, "authorized"),
        [PaymentStatus.Captured] = (Topics.PaymentCaptured, "captured"),
        [PaymentStatus.Voided] = (Topics.PaymentVoided, "voided"),
        [PaymentStatus.Refunded] = (Topics.PaymentRefunded, "refunded"),
        [PaymentStatus.Declined] = (Topics.PaymentDeclined, "declined"),
    };

    /// <summary>The event for the status a payment has, and its topic; null when nobody needs to know.</summary>
    public static (string Topic, PaymentChanged Event)? Of(Payment payment) => s_topics.TryGetValue(payment.Status, out var told)
        ? (told.Topic, new PaymentChanged(
            $"payment-{payment.OrderId}-{told.Status}", payment.ChangedAt, payment.OrderId, payment.MemberId, told.Status, payment.Amount))
        : null;
}
