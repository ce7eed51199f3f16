using CsCheck;
using DaprShop.Contracts;

namespace DaprShop.Payment.Tests;

/// <summary>The payment's steps and the books they make, for any sequence.</summary>
public class LedgerTests
{
    private static readonly DateTimeOffset s_now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly Func<Payment, Payment>[] s_steps =
        [payment => payment.Capture(s_now), payment => payment.Void(s_now), payment => payment.Refund(s_now)];

    [Theory]
    [InlineData(PaymentStatus.Authorized)]
    [InlineData(PaymentStatus.Captured)]
    [InlineData(PaymentStatus.Voided)]
    [InlineData(PaymentStatus.Refunded)]
    public void Every_posting_sums_to_zero(PaymentStatus status) =>
        Assert.Equal(0, Ledger.Post(Authorized(1299) with { Status = status })!.Entries.Sum(entry => entry.Amount));

    [Theory]
    [InlineData(PaymentStatus.Declined)]
    [InlineData(PaymentStatus.Reversed)]
    public void What_moves_no_money_is_not_posted(PaymentStatus status) =>
        Assert.Null(Ledger.Post(Authorized(1299) with { Status = status }));

    [Fact]
    public void Any_sequence_of_steps_balances_and_captures_at_most_once()
    {
        Gen.Select(Gen.Long[1, 1_000_000], Gen.Int[0, s_steps.Length - 1].Array[0, 8]).Sample((amount, picks) =>
        {
            var payment = Authorized(amount);
            var history = new List<Payment> { payment };
            foreach (var pick in picks)
            {
                try
                {
                    payment = s_steps[pick](payment);
                    history.Add(payment);
                }
                catch (InvalidOperationException)
                {
                    // A step the payment does not allow leaves it as it was.
                }
            }

            var balance = history.Select(Ledger.Post).SelectMany(posting => posting!.Entries)
                .GroupBy(entry => entry.Account).ToDictionary(account => account.Key, account => account.Sum(entry => entry.Amount));
            Assert.Equal(0, balance.Values.Sum());
            Assert.InRange(history.Count(step => step.Status is PaymentStatus.Captured), 0, 1);
            var view = PaymentView.Of(payment);
            Assert.Equal(payment.Status is PaymentStatus.Authorized ? amount : 0, balance.GetValueOrDefault(Account.CustomerAuthorized));
            Assert.Equal(view.Captured - view.Refunded, balance.GetValueOrDefault(Account.MerchantReceivable));
            Assert.Equal(view.Captured, -balance.GetValueOrDefault(Account.Revenue));
            Assert.Equal(view.Refunded, balance.GetValueOrDefault(Account.Refunds));
        });
    }

    private static Payment Authorized(long amount) =>
        Payment.Authorized("order", "member", new Money(amount, "USD"), "reference", s_now);
}
