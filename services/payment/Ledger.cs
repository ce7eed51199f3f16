namespace DaprShop.Payment;

/// <summary>Accounts of the books. Amounts are signed: debits positive, credits negative.</summary>
public enum Account
{
    /// <summary>Held on customers' cards.</summary>
    CustomerAuthorized,

    /// <summary>The other side of what is held: not ours until captured.</summary>
    AuthorizationsOutstanding,

    /// <summary>What the provider owes the shop.</summary>
    MerchantReceivable,

    Revenue,

    Refunds,
}

/// <summary>One line of a posting.</summary>
public sealed record LedgerEntry(Account Account, long Amount);

/// <summary>What one step of a payment does to the books; its entries sum to zero. Written once, never changed.</summary>
public sealed record Posting(string OrderId, PaymentStatus Step, DateTimeOffset At, string Currency, IReadOnlyList<LedgerEntry> Entries);

/// <summary>Double-entry bookkeeping: which accounts a step of a payment moves the amount between.</summary>
public static class Ledger
{
    private static readonly Dictionary<PaymentStatus, (Account Account, int Sign)[]> s_rules = new()
    {
        [PaymentStatus.Authorized] = [(Account.CustomerAuthorized, 1), (Account.AuthorizationsOutstanding, -1)],
        [PaymentStatus.Voided] = [(Account.CustomerAuthorized, -1), (Account.AuthorizationsOutstanding, 1)],
        [PaymentStatus.Captured] =
        [
            (Account.CustomerAuthorized, -1), (Account.AuthorizationsOutstanding, 1),
            (Account.MerchantReceivable, 1), (Account.Revenue, -1),
        ],
        [PaymentStatus.Refunded] = [(Account.Refunds, 1), (Account.MerchantReceivable, -1)],
    };

    /// <summary>The steps that move money.</summary>
    public static IReadOnlyCollection<PaymentStatus> Steps => s_rules.Keys;

    /// <summary>The posting for the status a payment has just reached; null when no money moved.</summary>
    public static Posting? Post(Payment payment) => s_rules.TryGetValue(payment.Status, out var rule)
        ? new Posting(payment.OrderId, payment.Status, payment.ChangedAt, payment.Amount.Currency,
            [.. rule.Select(entry => new LedgerEntry(entry.Account, entry.Sign * payment.Amount.Amount))])
        : null;
}
