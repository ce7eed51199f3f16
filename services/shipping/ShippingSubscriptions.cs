using System.Text.Json;
using Dapr;
using Dapr.AspNetCore;
using DaprShop.Common;
using DaprShop.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DaprShop.Shipping;

/// <summary>Confirmed orders go to the couriers, many at a time.</summary>
public static class ShippingSubscriptions
{

    public static void MapSubscriptions(this WebApplication app) => app
        .MapPost("/events/orders/confirmed", Confirmed)
        .WithTopic(new TopicOptions
        {
            PubsubName = Publishing.PubSub,
            Name = Topics.OrdersConfirmed,
            DeadLetterTopic = "shipping.dead-letters",
        })
        .WithBulkSubscribe(new BulkSubscribeTopicOptions
        {
            TopicName = Topics.OrdersConfirmed,
            MaxMessagesCount = 100,
            MaxAwaitDurationMs = 500,
        });

    /// <summary>Envelopes are read leniently: one that is malformed goes to the dead letters, and takes no other with it.</summary>
    private static async Task<Ok<BulkSubscribeAppResponse>> Confirmed(BulkSubscribeMessage<JsonElement> bulk, Couriers couriers)
    {
        var entries = bulk.Entries.Select(entry => (entry.EntryId, OrderId: OrderIdOf(entry.Event))).ToArray();
        await couriers.ExpectAsync(entries.Select(entry => entry.OrderId).OfType<string>());
        return TypedResults.Ok(new BulkSubscribeAppResponse([.. entries.Select(entry => new BulkSubscribeAppResponseEntry(
            entry.EntryId, entry.OrderId is null ? BulkSubscribeAppResponseStatus.DROP : BulkSubscribeAppResponseStatus.SUCCESS))]));
    }

    private static string? OrderIdOf(JsonElement envelope) =>
        envelope.ValueKind is JsonValueKind.Object
        && envelope.TryGetProperty("data", out var order) && order.ValueKind is JsonValueKind.Object
        && order.TryGetProperty("orderId", out var orderId) && orderId.ValueKind is JsonValueKind.String
        && Ids.IsUuid(orderId.GetString())
            ? orderId.GetString()
            : null;
}
