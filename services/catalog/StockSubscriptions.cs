using DaprShop.Common;
using DaprShop.Contracts;

namespace DaprShop.Catalog;

/// <summary>What inventory tells of stock, a batch at a time: one call to read and one to write for up to 100 events.</summary>
public static class StockSubscriptions
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(200);

    public static void MapStockSubscriptions(this WebApplication app)
    {
        var (stock, shelf) = (app.Services.GetRequiredService<StockStore>(), app.Services.GetRequiredService<Shelf>());
        app.MapBulkTopic<StockChanged>(Topics.InventoryStockChanged, s_patience, async (told, cancellation) =>
        {
            var levels = Latest(told);
            if (!await stock.TrySaveAsync(levels, cancellation)) return told;
            shelf.Put(levels);
            return [];
        });
    }

    /// <summary>The latest version wins, so duplicates and old news change nothing.</summary>
    private static List<StockLevel> Latest(IEnumerable<StockChanged> told) => [.. told
        .GroupBy(change => change.ProductId)
        .Select(changes => changes.MaxBy(change => change.Version)!)
        .Select(change => new StockLevel(change.ProductId, change.Version, change.Available))];
}
