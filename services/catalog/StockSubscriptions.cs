using Dapr;
using Dapr.AspNetCore;
using DaprShop.Common;
using DaprShop.Contracts;

namespace DaprShop.Catalog;

/// <summary>What inventory tells of stock, a batch at a time: one call to read and one to write for up to 100 events.</summary>
public static class StockSubscriptions
{
    public static void MapStockSubscriptions(this IEndpointRouteBuilder app) => app
        .MapPost("/events/stock-changed", OnStockChanged)
        .WithTopic(new TopicOptions { PubsubName = Publishing.PubSub, Name = Topics.InventoryStockChanged, DeadLetterTopic = "catalog.dead-letters" })
        .WithBulkSubscribe(new BulkSubscribeTopicOptions { TopicName = Topics.InventoryStockChanged, MaxMessagesCount = 100, MaxAwaitDurationMs = 200 });

    /// <summary>The latest version wins, so duplicates and old news change nothing.</summary>
    private static async Task<BulkSubscribeAppResponse> OnStockChanged(
        BulkSubscribeMessage<BulkMessageModel<StockChanged>> batch, StockStore stock, Shelf shelf, CancellationToken cancellation)
    {
        var levels = batch.Entries
            .Select(entry => entry.Event.Data)
            .Where(told => told is not null)
            .GroupBy(told => told.ProductId)
            .Select(told => told.MaxBy(level => level.Version)!)
            .Select(level => new StockLevel(level.ProductId, level.Version, level.Available))
            .ToList();
        var saved = await stock.TrySaveAsync(levels, cancellation);
        if (saved) shelf.Put(levels);
        var status = saved ? BulkSubscribeAppResponseStatus.SUCCESS : BulkSubscribeAppResponseStatus.RETRY;
        return new BulkSubscribeAppResponse([.. batch.Entries.Select(entry => new BulkSubscribeAppResponseEntry(entry.EntryId, status))]);
    }
}
