using DaprShop.Common;
using DaprShop.Contracts;

namespace DaprShop.Basket;

/// <summary>What baskets listen to. Both effects happen once, however often an event comes.</summary>
public static class BasketSubscriptions
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(50);

    /// <summary>Whoever has ordered looks at the basket next.</summary>
    private static readonly TimeSpan s_haste = TimeSpan.FromMilliseconds(10);

    public static void MapBasketSubscriptions(this WebApplication app)
    {
        var baskets = app.Services.GetRequiredService<Baskets>();
        app.MapBulkTopic<OrderChanged>(Topics.OrdersSubmitted, s_haste, async (submitted, cancellation) =>
        {
            await baskets.TakeOutAsync(submitted, cancellation);
            return [];
        });

        var products = app.Services.GetRequiredService<ProductTable>();
        app.MapBulkTopic<ProductChanged>(Topics.CatalogProductChanged, s_patience, async (changes, cancellation) =>
        {
            await products.HearAsync(changes, cancellation);
            return [];
        });
    }
}
