using Dapr.Client;
using DaprShop.Common;
using DaprShop.Contracts;

namespace DaprShop.Catalog;

/// <summary>How far the change feed has been published.</summary>
public sealed record RelayPosition(long Published);

/// <summary>
/// Tells the other services what changed: the change feed is the outbox. After each change, once the shelf is loaded, and every few
/// seconds it publishes what lies between the published position and the end of the feed, then moves the position. An event may be
/// published twice, never not at all; of several changes of one product in between only the last is told.
/// </summary>
public sealed class ChangeRelay(CatalogStore store, StateStore state, DaprClient dapr, ILogger<ChangeRelay> logger)
    : BackgroundService
{
    private const string PositionKey = "published";
    private const int MaxChangesAtOnce = 400;
    private const int MaxEventsPerCall = 100;

    /// <summary>Published pages kept for replicas that lag; one that lags more reads everything anew.</summary>
    private const int PagesKept = 50;

    private static readonly TimeSpan s_sweepEvery = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_retryAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_timeLimit = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _wake = new(0);

    public override void Dispose()
    {
        _wake.Dispose();
        base.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Says that something was saved; returns at once.</summary>
    public void Wake()
    {
        if (_wake.CurrentCount == 0) _wake.Release();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var wait = s_sweepEvery;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await _wake.WaitAsync(wait, stoppingToken);
                while (await PublishNextAsync(stoppingToken)) { }
                wait = s_sweepEvery;
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                logger.LogDebug(error, "Product changes wait to be published");
                wait = s_retryAfter;
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>Publishes one stretch of the feed; false when there is nothing left to publish.</summary>
    /// <exception cref="ContendedException">The store did not take the new position: what was published is published again, after a while.</exception>
    private async Task<bool> PublishNextAsync(CancellationToken stopping)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        limited.CancelAfter(s_timeLimit);
        var cancellation = limited.Token;
        var read = await state.GetManyAsync([CatalogStore.HeadKey, PositionKey], cancellation);
        var head = CatalogStore.ReadHead(read);
        var (position, etag) = read.Get<RelayPosition>(PositionKey);
        var from = position?.Published ?? 0;
        if (from >= head.Changes) return false;

        var to = Math.Min(head.Changes, from + MaxChangesAtOnce);
        // Null: another replica has published and tidied these meanwhile.
        if (await store.ReadChangesAsync(from, to, cancellation) is not { } changed) return true;
        foreach (var products in (await store.ReadProductsAsync(changed, cancellation)).Chunk(MaxEventsPerCall))
            await dapr.PublishAllAsync(Topics.CatalogProductChanged, products.Select(ToEvent), told => told.EventId, cancellation);

        var moved = await state.TryCommitAsync([state.Write(PositionKey, new RelayPosition(to), etag), .. Tidy(from, to)], cancellation);
        return moved ? true : throw new ContendedException();
    }

    private static IEnumerable<StateTransactionRequest> Tidy(long from, long to)
    {
        for (var page = from / CatalogStore.PageSize; page < to / CatalogStore.PageSize; page++)
        {
            if (page >= PagesKept) yield return new(CatalogStore.ChangePageKey(page - PagesKept), null, StateOperationType.Delete);
        }
    }

    private static ProductChanged ToEvent(Product product) => new(
        $"product-{product.Id}-{product.Version}", product.ChangedAt, product.Id, product.Version, product.Deleted,
        product.Name, product.Category, product.Price, product.WeightGrams, product.ImageUrl);
}
