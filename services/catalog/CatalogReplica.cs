using DaprShop.Common;

namespace DaprShop.Catalog;

/// <summary>
/// Keeps this replica's <see cref="Shelf"/> like the store: reads everything at start, then about once a second asks for what changed
/// (one sidecar call when nothing did). Works with any broker and any number of replicas.
/// </summary>
public sealed class CatalogReplica(
    CatalogStore store, StockStore stock, StateStore state, Shelf shelf, Seed seed, ChangeRelay relay, TimeProvider time,
    ILogger<CatalogReplica> logger)
    : BackgroundService
{
    private static readonly TimeSpan s_tailEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_retryAfter = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_timeLimit = TimeSpan.FromMinutes(2);

    private long _changesSeen;
    private long _stockChangesSeen;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var wait = TimeSpan.Zero;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (wait > TimeSpan.Zero) await Task.Delay(wait, time, stoppingToken);
                using var limited = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
                limited.CancelAfter(s_timeLimit);
                if (shelf.Loaded) await CatchUpAsync(limited.Token);
                else await LoadAsync(limited.Token);
                wait = s_tailEvery;
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                // At start the sidecar is often not there yet, which is no news.
                logger.Log(shelf.Loaded ? LogLevel.Warning : LogLevel.Debug, error, "The store could not be read; trying again");
                wait = shelf.Loaded ? s_tailEvery : s_retryAfter;
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>Takes in what changed since the last time.</summary>
    public async Task CatchUpAsync(CancellationToken cancellation)
    {
        var read = await state.GetManyAsync([CatalogStore.HeadKey, StockStore.ChangesKey], cancellation);

        var head = CatalogStore.ReadHead(read);
        if (head.Changes > _changesSeen)
        {
            if (await store.ReadChangesAsync(_changesSeen, head.Changes, cancellation) is { } changed)
                await ReadAsync(changed, cancellation);
            else
                await ReadEverythingAsync(head, cancellation);
            _changesSeen = head.Changes;
        }

        var stockChanges = StockStore.ReadChanges(read);
        if (stockChanges.Count > _stockChangesSeen)
        {
            var missed = stockChanges.Count - _stockChangesSeen;
            if (missed <= stockChanges.Recent.Count)
                shelf.Put(await stock.ReadAsync(stockChanges.Recent.TakeLast((int)missed).Distinct(), cancellation));
            else
                await ReadEverythingAsync(head, cancellation);
            _stockChangesSeen = stockChanges.Count;
        }
    }

    private async Task LoadAsync(CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        var read = await state.GetManyAsync([CatalogStore.HeadKey, StockStore.ChangesKey], cancellation);
        // Taken before the rest is read: what changes meanwhile is taken in once more, which does no harm.
        var head = CatalogStore.ReadHead(read);
        (_changesSeen, _stockChangesSeen) = (head.Changes, StockStore.ReadChanges(read).Count);
        await ReadEverythingAsync(head, cancellation);
        await seed.PlantAsync(cancellation);
        shelf.Loaded = true;
        relay.Wake();
        var elapsed = time.GetElapsedTime(started).TotalMilliseconds;
        logger.LogInformation("{Count} products on the shelf after {Elapsed:0} ms", shelf.Count, elapsed);
    }

    /// <summary>A product may be new here, and its stock have been told of long ago.</summary>
    private async Task ReadAsync(IReadOnlyCollection<string> productIds, CancellationToken cancellation)
    {
        var products = store.ReadProductsAsync(productIds, cancellation);
        var levels = stock.ReadAsync(productIds, cancellation);
        shelf.Put(await levels);
        shelf.Put(await products);
    }

    private async Task ReadEverythingAsync(CatalogHead head, CancellationToken cancellation)
    {
        var products = new List<Product>(head.Products);
        var levels = new List<StockLevel>(head.Products);
        await Parallel.ForEachAsync(
            await store.ReadIndexAsync(head, cancellation),
            new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = cancellation },
            async (ids, limited) =>
            {
                var page = store.ReadProductsAsync(ids, limited);
                var stockPage = stock.ReadAsync(ids, limited);
                await Task.WhenAll(page, stockPage);
                lock (products)
                {
                    products.AddRange(page.Result);
                    levels.AddRange(stockPage.Result);
                }
            });
        shelf.Put(levels);
        shelf.Put(products);
    }
}
