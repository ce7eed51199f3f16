using Dapr.Client;
using DaprShop.Common;
using DaprShop.Contracts;

namespace DaprShop.Inventory;

/// <summary>
/// Every second: frees what has expired and tells what has changed, the latest state only, so a hot product costs one event a second.
/// What is saved and not told when the process dies is told by the next life, or by another replica: see <see cref="StockRounds"/>.
/// <para>Sidecar calls: 1 bulk publish for up to 500 changed products; 1 get and 1 transaction for up to 100 that had holds expire.</para>
/// </summary>
public sealed class StockAnnouncer(
    StockStore stocks, StockNews news, DaprClient dapr, TimeProvider time, ILogger<StockAnnouncer> logger) : BackgroundService
{
    private const int MaxTold = 500;
    private const int MaxFreed = 100;

    // By the machine's clock, not the shop's: it is a pace and decides nothing.
    private static readonly TimeSpan s_period = TimeSpan.FromSeconds(1);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await TryAsync(TellAsync, cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await TryAsync(FreeAsync, stoppingToken);
            await TryAsync(TellAsync, stoppingToken);
            await Task.Delay(s_period, stoppingToken);
        }
    }

    private async Task FreeAsync(CancellationToken stopping)
    {
        foreach (var expired in news.Expired(time.GetUtcNow()).Chunk(MaxFreed)) await stocks.ExpireAsync(expired, stopping);
    }

    private async Task TellAsync(CancellationToken stopping)
    {
        foreach (var changed in news.Untold().Chunk(MaxTold))
        {
            var now = time.GetUtcNow();
            var events = changed.Select(product => StockLevel.Of(product.ProductId, product.Stock).ToEvent(product.Stock.Version, now));
            await dapr.PublishAllAsync(Topics.InventoryStockChanged, events, told => told.EventId, stopping);
            news.Told(changed);
        }
    }

    private async Task TryAsync(Func<CancellationToken, Task> act, CancellationToken stopping)
    {
        try
        {
            await act(stopping);
        }
        catch (Exception error) when (!stopping.IsCancellationRequested)
        {
            logger.LogWarning("Stock could not be told or freed; trying again: {Reason}", error.Message);
        }
    }
}
