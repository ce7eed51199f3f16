using DaprShop.Common;
using DaprShop.Contracts;

namespace DaprShop.Inventory;

/// <summary>A product new to the catalogue gets an empty shelf. A deleted one keeps its stock: pieces do not vanish with a page.</summary>
public static class InventorySubscriptions
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(50);

    public static void MapSubscriptions(this WebApplication app)
    {
        var stocks = app.Services.GetRequiredService<StockStore>();
        app.MapBulkTopic<ProductChanged>(Topics.CatalogProductChanged, s_patience, async (changes, cancellation) =>
        {
            var products = changes.ToLookup(change => Ids.IsSlug(change.ProductId));
            await stocks.OpenAsync(products[true].Where(change => !change.Deleted).Select(change => change.ProductId), cancellation);
            // What is no product id never becomes one.
            return [.. products[false]];
        });
    }
}
