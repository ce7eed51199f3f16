using Dapr;
using DaprShop.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DaprShop.Ordering;

/// <summary>What shipping tells. Naturally idempotent: an order learns each fact once, and the order of arrival does not matter.</summary>
public static class OrderSubscriptions
{
    public static void MapOrderSubscriptions(this WebApplication app)
    {
        foreach (var topic in (string[])[Topics.ShippingDispatched, Topics.ShippingDelivered, Topics.ShippingReturned])
        {
            app.MapPost($"/events/{topic}", ShipmentMoved).WithTopic(
                new TopicOptions { PubsubName = "pubsub", Name = topic, DeadLetterTopic = "ordering.dead-letters" });
        }
    }

    private static async Task<Ok> ShipmentMoved(ShipmentChanged moved, OrderActors actors, OrderDriver driver, ILogger<OrderDriver> logger)
    {
        if (!Guid.TryParse(moved.OrderId, out var id) || await actors.ShipmentMoved(id.ToString(), new ShipmentMove(moved.Status)) is not { } file)
            logger.LogWarning("{Event} is about an order that does not exist", moved.EventId);
        else if (file.IsOpen(id.ToString()))
            driver.Drive(id.ToString(), file);
        return TypedResults.Ok();
    }
}
