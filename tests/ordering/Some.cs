using DaprShop.Contracts;

namespace DaprShop.Ordering.Tests;

/// <summary>Orders and events to test with.</summary>
internal static class Some
{
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    public const string OrderId = "0198c0de-0000-7000-8000-000000000001";

    public static readonly PostalAddress Address = new("Ann", "1 Main St", null, "Springfield", "12345", "US");

    public static OrderDetails Details(string memberId = "member-1") => new(
        memberId,
        [new OrderedLine("kettle-01", "Kettle", Usd(2500), 2), new OrderedLine("cup-01", "Cup", Usd(700), 1)],
        "standard", Usd(499), 2300);

    public static Money Usd(long amount) => new(amount, "USD");

    public static OrderEvent Event(OrderEventType type, RejectReason? reason = null) => new(type, Start)
    {
        Details = type == OrderEventType.Submitted ? Details() : null,
        Reason = reason,
    };

    /// <summary>An order to which these things happened after it was submitted.</summary>
    public static Order Order(params OrderEventType[] happened) =>
        Ordering.Order.Fold(OrderId, happened.Prepend(OrderEventType.Submitted).Select(type => Event(type)));
}
