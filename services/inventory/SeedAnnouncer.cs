using Dapr.Client;
using DaprShop.Common;
using DaprShop.Contracts;

namespace DaprShop.Inventory;

/// <summary>Tells the seed stock once in the life of a shop, in one call, and then marks that; a crash in between tells it twice.</summary>
public sealed class SeedAnnouncer(
    StateStore store, DaprClient dapr, SeedStock seed, TimeProvider time, ILogger<SeedAnnouncer> logger) : BackgroundService
{
    private const string Marker = "seed-told";
    private static readonly TimeSpan s_retryAfter = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!await TryTellAsync(stoppingToken)) await Task.Delay(s_retryAfter, stoppingToken);
    }

    private async Task<bool> TryTellAsync(CancellationToken stopping)
    {
        try
        {
            if ((await store.GetAsync<DateTimeOffset?>(Marker, stopping)).Value is not null) return true;
            var now = time.GetUtcNow();
            var levels = seed.ProductIds.Select(id => (Id: id, Stock: seed.Find(id)!))
                .Select(product => StockLevel.Of(product.Id, product.Stock).ToEvent(product.Stock.Version, now));
            await dapr.PublishAllAsync(Topics.InventoryStockChanged, levels, level => level.EventId, stopping);
            await store.SaveAsync(Marker, now, stopping);
            return true;
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            // At start the sidecar is often not there yet.
            logger.LogDebug(error, "The seed stock could not be told; trying again");
            return false;
        }
    }
}
