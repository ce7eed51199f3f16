using Dapr;
using DaprShop.Contracts;

namespace DaprShop.Basket;

/// <summary>What baskets listen to. Both effects happen once, however often an event comes.</summary>
public static class BasketSubscriptions
{
    public static void MapBasketSubscriptions(this WebApplication app)
    {
        app.MapPost("/events/orders-submitted", (OrderChanged submitted, Baskets baskets, CancellationToken cancellation) =>
                baskets.TakeOutAsync(submitted, cancellation))
            .WithTopic(Topic(Topics.OrdersSubmitted));
        app.MapPost("/events/product-changed", (ProductChanged changed, ProductTable products, CancellationToken cancellation) =>
                products.HearAsync(changed, cancellation))
            .WithTopic(Topic(Topics.CatalogProductChanged));
    }

    private static TopicOptions Topic(string name) => new() { PubsubName = "pubsub", Name = name, DeadLetterTopic = "basket.dead-letters" };
}
