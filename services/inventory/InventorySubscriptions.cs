using Dapr;
using DaprShop.Common;
using DaprShop.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DaprShop.Inventory;

/// <summary>A product new to the catalogue gets an empty shelf. A deleted one keeps its stock: pieces do not vanish with a page.</summary>
public static class InventorySubscriptions
{
    public static void MapSubscriptions(this WebApplication app) => app
        .MapPost("/events/catalog/product-changed", ProductChanged)
        .WithTopic(new TopicOptions
        {
            PubsubName = Publishing.PubSub,
            Name = Topics.CatalogProductChanged,
            DeadLetterTopic = "inventory.dead-letters",
        });

    private static async Task<Results<Ok, Problem>> ProductChanged(ProductChanged product, StockActors stocks, SeedStock seed)
    {
        if (!Ids.IsSlug(product.ProductId)) return Problem.BadRequest("Not a product id.");
        if (!product.Deleted && seed.Find(product.ProductId) is null) await stocks.OpenAsync(product.ProductId);
        return TypedResults.Ok();
    }
}
