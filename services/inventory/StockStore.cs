using Dapr.Client;
using DaprShop.Common;

namespace DaprShop.Inventory;

/// <summary>
/// The documents: <c>stock/{productId}</c> of each product that was ever changed, and a record of each thing done to stock
/// (<c>claim/{orderId}</c>, <c>correction/{productId}/{key}</c>), saved in one transaction with all the stocks it is about, each over the
/// version read: all or nothing, whoever dies when. Within this process rivals take turns; between replicas the store refuses the slower,
/// who reads and decides again.
/// <para>
/// Sidecar calls: a change 1 bulk get and 1 transaction, however many products; a repetition of it 1 bulk get; a look 1 get. So an order
/// costs 2 to reserve and 2 to commit.
/// </para>
/// </summary>
public sealed class StockStore(StateStore store, SeedStock seed, Turns turns, StockNews news, TimeProvider time)
{
    /// <summary>Keys in one bulk get, so that an answer stays far below what a sidecar may send at once.</summary>
    private const int MaxRead = 200;
    private const int MaxReadPages = 32;

    /// <summary>What there is now; null of a product nobody has told of.</summary>
    public async Task<StockLevel?> FindAsync(string productId, CancellationToken cancellation)
    {
        var stored = await store.GetAsync<Stock>(StockKey(productId), cancellation);
        var stock = (stored.Value ?? seed.Find(productId)).Expire(time.GetUtcNow());
        return stock.IsKnown ? StockLevel.Of(productId, stock) : null;
    }

    /// <summary>Changes stocks, and a record of why, together.</summary>
    /// <param name="recordKey">The record.</param>
    /// <param name="productIds">The products it is about; those that the record knows of come on top.</param>
    /// <param name="decide">From the record (null when there is none) and the stocks, freed of what has expired. May be asked again.</param>
    /// <param name="cancellation">Gives up before anything is written.</param>
    /// <returns>What is now true.</returns>
    /// <exception cref="ContendedException">The store refused every attempt; nothing is written.</exception>
    public async Task<Decision<TRecord>> ChangeAsync<TRecord>(
        string recordKey, IEnumerable<string> productIds,
        Func<TRecord?, IReadOnlyDictionary<string, Stock>, Decision<TRecord>> decide, CancellationToken cancellation)
        where TRecord : class, IStockRecord
    {
        // Always in the same order: a database that locks row by row meets no circle either.
        var products = new SortedSet<string>(productIds, StringComparer.Ordinal);
        using var turn = await turns.EnterAsync(products, cancellation);
        return await Optimistic.RetryAsync(async () =>
        {
            var read = await store.GetManyAsync([recordKey, .. products.Select(StockKey)], cancellation);
            var (record, etag) = read.Get<TRecord>(recordKey);
            if (record is not null && !products.IsSupersetOf(record.ProductIds))
            {
                products.UnionWith(record.ProductIds);
                return null;
            }

            var now = time.GetUtcNow();
            var found = products.ToDictionary(id => id, id => Find(read, id));
            var decision = decide(record, found.ToDictionary(stock => stock.Key, stock => stock.Value.Value!.Expire(now)));

            var writes = new List<StateTransactionRequest>(products.Count + 1);
            if (decision.Record is { } decided && !ReferenceEquals(decided, record)) writes.Add(store.Write(recordKey, decided, etag));
            foreach (var (id, before) in found)
                if (!ReferenceEquals(decision.Stocks[id], before.Value)) writes.Add(store.Write(StockKey(id), decision.Stocks[id], before.ETag));
            if (writes.Count > 0 && !await store.TryCommitAsync(writes, CancellationToken.None)) return null;

            foreach (var (id, stock) in decision.Stocks) news.Saw(id, stock);
            return decision;
        });
    }

    /// <summary>Makes products known, with nothing on the shelf, unless they are known already. 1 bulk get; 2 and 1 transaction for new ones.</summary>
    public async Task OpenAsync(IEnumerable<string> productIds, CancellationToken cancellation)
    {
        string[] products = [.. productIds.Distinct().Where(id => !seed.Find(id).IsKnown)];
        await Optimistic.RetryAsync(async () =>
        {
            var read = await store.GetManyAsync([.. products.Select(StockKey)], cancellation);
            string[] added = [.. products.Where(id => !Find(read, id).Value!.IsKnown)];
            if (!await TryOpenAsync(added, cancellation)) return null;
            foreach (var id in products) news.Saw(id, read.Get<Stock>(StockKey(id)).Value ?? Stock.Untouched(0));
            return added;
        });
    }

    /// <summary>Frees what has expired of these products.</summary>
    public async Task ExpireAsync(IReadOnlyCollection<string> productIds, CancellationToken cancellation)
    {
        using var turn = await turns.EnterAsync(productIds, cancellation);
        var now = time.GetUtcNow();
        var after = await store.ApplyAsync(
            productIds.Select(id => new Change<Stock>(StockKey(id), stock => stock?.Expire(now)!)), cancellation);
        foreach (var id in productIds)
            if (after[StockKey(id)] is { } stock) news.Saw(id, stock);
    }

    /// <summary>Looks at every product there is, a bulk of them at a time.</summary>
    public async Task SeeAllAsync(CancellationToken cancellation)
    {
        await SeeAsync(seed.ProductIds, cancellation);
        foreach (var pages in ProductPage.Keys.Chunk(MaxReadPages))
        {
            var read = await store.GetManyAsync(pages, cancellation);
            await SeeAsync(pages.SelectMany(page => read.Get<ProductPage>(page).Value?.ProductIds ?? []), cancellation);
        }
    }

    private async Task<bool> TryOpenAsync(string[] products, CancellationToken cancellation)
    {
        if (products is []) return true;
        var pages = products.ToLookup(ProductPage.KeyOf);
        var read = await store.GetManyAsync([.. pages.Select(page => page.Key)], cancellation);
        return await store.TryCommitAsync(
            [
                .. products.Select(id => store.Write(StockKey(id), Stock.Untouched(0), etag: "")),
                .. pages.Select(page => store.Write(
                    page.Key, (read.Get<ProductPage>(page.Key).Value ?? ProductPage.Empty).With(page), read.Get<ProductPage>(page.Key).ETag)),
            ],
            CancellationToken.None);
    }

    private async Task SeeAsync(IEnumerable<string> productIds, CancellationToken cancellation)
    {
        foreach (var some in productIds.Chunk(MaxRead))
        {
            var read = await store.GetManyAsync([.. some.Select(StockKey)], cancellation);
            foreach (var id in some) news.Saw(id, Find(read, id).Value!);
        }
    }

    private Versioned<Stock> Find(Documents read, string productId) =>
        read.Get<Stock>(StockKey(productId)) is { Value: not null } stored ? stored : new(seed.Find(productId), "");

    private static string StockKey(string productId) => $"stock/{productId}";
}
