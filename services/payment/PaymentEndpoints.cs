using System.Security.Claims;
using DaprShop.Common;
using DaprShop.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DaprShop.Payment;

/// <summary>A member's payment, to look at.</summary>
public static class PaymentEndpoints
{
    public static void MapPayments(this WebApplication app) =>
        app.MapGet("/api/payments/{orderId}", Get).RequireAuthorization().Refuses(404);

    /// <summary>The tombstone of an order that was undone before anything was authorised is no payment.</summary>
    private static async Task<Results<Ok<PaymentView>, Problem>> Get(
        string orderId, ClaimsPrincipal user, PaymentStore store, CancellationToken cancellation)
    {
        var payment = Ids.IsUuid(orderId) ? (await store.FindAsync(orderId, cancellation)).Value : null;
        return payment is { Status: not PaymentStatus.Reversed } && (user.IsStaff() || payment.MemberId == user.MemberId())
            ? TypedResults.Ok(PaymentView.Of(payment))
            : Problem.NotFound("There is no payment of yours for this order.");
    }
}

/// <summary><c>{orderId,status,authorized,captured,refunded,currency}</c>; amounts in integer minor units.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="Status">Where the payment stands.</param>
/// <param name="Authorized">What the provider agreed to; 0 again once that was voided.</param>
/// <param name="Captured">What was taken, given back or not.</param>
/// <param name="Refunded">What was given back.</param>
/// <param name="Currency">ISO 4217.</param>
public sealed record PaymentView(string OrderId, PaymentStatus Status, long Authorized, long Captured, long Refunded, string Currency)
{
    public static PaymentView Of(Payment payment)
    {
        var amount = payment.Amount.Amount;
        var (authorized, captured, refunded) = payment.Status switch
        {
            PaymentStatus.Authorized => (amount, 0L, 0L),
            PaymentStatus.Captured => (amount, amount, 0L),
            PaymentStatus.Refunded => (amount, amount, amount),
            _ => (0L, 0L, 0L),
        };
        return new PaymentView(payment.OrderId, payment.Status, authorized, captured, refunded, payment.Amount.Currency);
    }
}
