using DaprShop.Contracts;

namespace DaprShop.Ordering;

/// <summary>An order as the public API shows it, and as the read model keeps it.</summary>
/// <param name="Version">How many events the order is made of.</param>
/// <param name="Reason">Only on rejected orders.</param>
/// <param name="MemberId">Whose it is; shown to staff only.</param>
public sealed record OrderView(
    string Id, OrderStatus Status, IReadOnlyList<OrderViewLine> Items,
    Money Subtotal, string ShippingMethod, Money ShippingCost, Money Total, PostalAddress ShippingAddress,
    DateTimeOffset PlacedAt, DateTimeOffset UpdatedAt, int Version, RejectReason? Reason = null, string? MemberId = null)
{
    public static OrderView Of(Order order, PostalAddress shippingAddress) => new(
        order.Id,
        order.Status,
        [.. order.Details.Lines.Select(OrderViewLine.Of)],
        order.Details.Subtotal(),
        order.Details.ShippingMethod,
        order.Details.ShippingCost,
        order.Details.Total(),
        shippingAddress,
        order.PlacedAt,
        order.UpdatedAt,
        order.Version,
        order.Status == OrderStatus.Rejected ? order.Reason : null,
        order.Details.MemberId);

    /// <summary>As its owner sees it.</summary>
    public OrderView ForMember() => this with { MemberId = null };
}

public sealed record OrderViewLine(string ProductId, string Name, Money UnitPrice, int Quantity, Money LineTotal)
{
    public static OrderViewLine Of(OrderedLine line) =>
        new(line.ProductId, line.Name, line.UnitPrice, line.Quantity, line.UnitPrice * line.Quantity);
}
