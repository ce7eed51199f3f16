using DaprShop.Contracts;

namespace DaprShop.Payment;

/// <summary>The payment of one order. Pure: each step answers the next state, and only steps that are allowed exist.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="MemberId">Whose it is; empty when the order was reversed before it was ever authorised.</param>
/// <param name="Amount">The whole amount; there is no part payment.</param>
/// <param name="Status">Where it stands.</param>
/// <param name="ChangedAt">When it got there.</param>
/// <param name="Reference">The provider's name for the authorisation.</param>
/// <param name="DeclineCode">Why the provider declined.</param>
public sealed record Payment(
    string OrderId, string MemberId, Money Amount, PaymentStatus Status, DateTimeOffset ChangedAt,
    string? Reference = null, string? DeclineCode = null)
{
    public static Payment Authorized(string orderId, string memberId, Money amount, string reference, DateTimeOffset now) =>
        new(orderId, memberId, amount, PaymentStatus.Authorized, now, reference);

    public static Payment Declined(string orderId, string memberId, Money amount, string code, DateTimeOffset now) =>
        new(orderId, memberId, amount, PaymentStatus.Declined, now, DeclineCode: code);

    /// <summary>A tombstone: the order was undone before it got here, and nothing may be authorised any more.</summary>
    public static Payment Reversed(string orderId, DateTimeOffset now) =>
        new(orderId, "", Money.Zero("XXX"), PaymentStatus.Reversed, now);

    public Payment Capture(DateTimeOffset now) => From(PaymentStatus.Authorized, PaymentStatus.Captured, now);

    public Payment Void(DateTimeOffset now) => From(PaymentStatus.Authorized, PaymentStatus.Voided, now);

    public Payment Refund(DateTimeOffset now) => From(PaymentStatus.Captured, PaymentStatus.Refunded, now);

    private Payment From(PaymentStatus from, PaymentStatus to, DateTimeOffset now) => Status == from
        ? this with { Status = to, ChangedAt = now }
        : throw new InvalidOperationException($"A payment that is {Status} cannot become {to}.");
}

/// <summary>Authorized → Captured → Refunded, or Authorized → Voided. Declined and Reversed are final from the start.</summary>
public enum PaymentStatus
{
    Authorized,
    Captured,
    Voided,
    Refunded,
    Declined,
    Reversed,
}
