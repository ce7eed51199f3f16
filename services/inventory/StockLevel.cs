using DaprShop.Contracts;

namespace DaprShop.Inventory;

/// <summary>A product's stock as the world sees it: <c>{productId,onHand,reserved,available}</c>.</summary>
public sealed record StockLevel(string ProductId, int OnHand, int Reserved, int Available)
{
    public static StockLevel Of(string productId, Stock stock) => new(productId, stock.OnHand, stock.Reserved, stock.Available);

    public StockChanged ToEvent(long version, DateTimeOffset at) =>
        new($"stock-{ProductId}-{version}", at, ProductId, version, OnHand, Reserved, Available);
}
