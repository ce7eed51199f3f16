using System.Text.Json;
using Dapr;
using Dapr.AspNetCore;
using DaprShop.Common;
using DaprShop.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;

namespace DaprShop.Ordering;

/// <summary>What shipping tells, many at a time. An order learns each fact once, and the order of arrival does not matter.</summary>
public static class OrderSubscriptions
{
    public static void MapOrderSubscriptions(this WebApplication app)
    {
        foreach (var topic in (string[])[Topics.ShippingDispatched, Topics.ShippingDelivered, Topics.ShippingReturned])
        {
            app.MapPost($"/events/{topic}", ShipmentsMoved)
                .WithTopic(new TopicOptions { PubsubName = Publishing.PubSub, Name = topic, DeadLetterTopic = "ordering.dead-letters" })
                .WithBulkSubscribe(new BulkSubscribeTopicOptions { TopicName = topic, MaxMessagesCount = 100, MaxAwaitDurationMs = 200 });
        }
    }

    /// <summary>Envelopes are read leniently: one that is malformed goes to the dead letters, and takes no other with it.</summary>
    private static async Task<Ok<BulkSubscribeAppResponse>> ShipmentsMoved(
        BulkSubscribeMessage<JsonElement> bulk, ShipmentMoves moves, IOptions<JsonOptions> json, CancellationToken cancellation)
    {
        var entries = bulk.Entries.Select(entry => (entry.EntryId, News: Read(entry.Event, json.Value.SerializerOptions))).ToList();
        await moves.Note(entries.Select(entry => entry.News).OfType<ShipmentChanged>(), cancellation);
        return TypedResults.Ok(new BulkSubscribeAppResponse([.. entries.Select(entry => new BulkSubscribeAppResponseEntry(
            entry.EntryId, entry.News is null ? BulkSubscribeAppResponseStatus.DROP : BulkSubscribeAppResponseStatus.SUCCESS))]));
    }

    private static ShipmentChanged? Read(JsonElement envelope, JsonSerializerOptions json)
    {
        try
        {
            return envelope.GetProperty("data").Deserialize<ShipmentChanged>(json);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return null;
        }
    }
}
