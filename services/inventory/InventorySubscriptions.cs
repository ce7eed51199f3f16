using DaprShop.Common;
using DaprShop.Contracts;

namespace DaprShop.Inventory;

/// <summary>A product new to the catalogue gets an empty shelf. A deleted one keeps its stock: pieces do not vanish with a page.</summary>
public static class InventorySubscriptions
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(50);

    public static void MapSubscriptions(this WebApplication app)
    {
        var (stocks, seed) = (app.Services.GetRequiredService<StockActors>(), app.Services.GetRequiredService<SeedStock>());
        app.MapBulkTopic<ProductChanged>(Topics.CatalogProductChanged, s_patience, async (changes, _) =>
        {
            var products = changes.ToLookup(change => Ids.IsSlug(change.ProductId));
            var added = products[true].Where(change => !change.Deleted && seed.Find(change.ProductId) is null);
            await Task.WhenAll(added.Select(change => change.ProductId).Distinct().Select(stocks.OpenAsync));
            // What is no product id never becomes one.
            return [.. products[false]];
        });
    }
}
