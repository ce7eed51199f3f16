using DaprShop.Common;

namespace DaprShop.Inventory;

/// <summary>
/// The stocks as documents: <c>stock/{productId}</c> of each product that was ever changed; any other is as it was seeded. Orders and
/// staff change them through <see cref="StockChanges"/>.
/// </summary>
public sealed class StockStore(StateStore store, SeedStock seed, StockNews news, TimeProvider time)
{
    /// <summary>Keys in one bulk get, so that an answer stays far below what a sidecar may send at once.</summary>
    private const int MaxRead = 200;
    private const int MaxReadPages = 32;

    /// <summary>Where the stock of a product is kept.</summary>
    public static string KeyOf(string productId) => $"stock/{productId}";

    /// <summary>What there is now; null of a product nobody has told of.</summary>
    public async Task<StockLevel?> FindAsync(string productId, CancellationToken cancellation)
    {
        var stored = await store.GetAsync<Stock>(KeyOf(productId), cancellation);
        var stock = (stored.Value ?? seed.Find(productId)).Expire(time.GetUtcNow());
        return stock.IsKnown ? StockLevel.Of(productId, stock) : null;
    }

    /// <summary>Makes products known, with nothing on the shelf, unless they are. 1 bulk get; 2 and 1 transaction for new ones.</summary>
    public async Task OpenAsync(IEnumerable<string> productIds, CancellationToken cancellation)
    {
        string[] products = [.. productIds.Distinct().Where(id => !seed.Find(id).IsKnown)];
        await Optimistic.RetryAsync(async () =>
        {
            var read = await store.GetManyAsync([.. products.Select(KeyOf)], cancellation);
            string[] added = [.. products.Where(id => !Find(read, id).IsKnown)];
            if (!await TryOpenAsync(added, cancellation)) return null;
            foreach (var id in products) news.Saw(id, read.Get<Stock>(KeyOf(id)).Value ?? Stock.Untouched(0));
            return added;
        });
    }

    /// <summary>Frees what has expired of these products.</summary>
    public async Task ExpireAsync(IReadOnlyCollection<string> productIds, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var after = await store.ApplyAsync(
            productIds.Select(id => new Change<Stock>(KeyOf(id), stock => stock?.Expire(now)!)), cancellation);
        foreach (var id in productIds)
            if (after[KeyOf(id)] is { } stock) news.Saw(id, stock);
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
                .. products.Select(id => store.Write(KeyOf(id), Stock.Untouched(0), etag: "")),
                .. pages.Select(added =>
                {
                    var (page, etag) = read.Get<ProductPage>(added.Key);
                    return store.Write(added.Key, (page ?? ProductPage.Empty).With(added), etag);
                }),
            ],
            CancellationToken.None);
    }

    private async Task SeeAsync(IEnumerable<string> productIds, CancellationToken cancellation)
    {
        foreach (var some in productIds.Chunk(MaxRead))
        {
            var read = await store.GetManyAsync([.. some.Select(KeyOf)], cancellation);
            foreach (var id in some) news.Saw(id, Find(read, id));
        }
    }

    private Stock Find(Documents read, string productId) => read.Get<Stock>(KeyOf(productId)).Value ?? seed.Find(productId);
}
