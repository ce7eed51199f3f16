using Dapr.Client;
using DaprShop.Common;

namespace DaprShop.Catalog;

/// <summary>How much there is: the document every product change goes through, so that changes have one order.</summary>
/// <param name="Changes">Length of the change feed.</param>
/// <param name="Products">Products ever created.</param>
public sealed record CatalogHead(long Changes, int Products);

/// <summary>Part of the change feed: product ids, in order of change.</summary>
public sealed record ChangePage(List<string> ProductIds);

/// <summary>Part of the index: product ids by <see cref="Product.Position"/>.</summary>
public sealed record IndexPage(List<string> ProductIds);

/// <summary>Makes of a product the next one, or null to leave it.</summary>
/// <param name="current">The stored product, tombstones included; null when the id was never used.</param>
/// <param name="newPosition">The position of a product that is created.</param>
public delegate Product? ProductChange(string id, Product? current, int newPosition);

/// <summary>
/// Products in the state store, which has no queries: <c>product/{id}</c> documents; <c>index/{n}</c> pages that name every product;
/// and the change feed, <c>changes/{n}</c> pages, which replicas tail to stay current and the relay publishes from. A change writes all
/// three and <c>head</c> in one transaction guarded by ETags: two sidecar calls to read, one to write.
/// </summary>
public sealed class CatalogStore(StateStore state) : IDisposable
{
    public const int PageSize = 200;
    public const string HeadKey = "head";
    private const int MaxAttempts = 20;

    private readonly SemaphoreSlim _turn = new(1);

    public void Dispose() => _turn.Dispose();

    public static string ProductKey(string id) => $"product/{id}";

    public static string ChangePageKey(long page) => $"changes/{page}";

    /// <summary>Changes products, all or none, and returns what was saved.</summary>
    /// <param name="ids">Distinct; at most 100.</param>
    /// <param name="change">Called again when another replica was faster.</param>
    /// <exception cref="TimeoutException">Others were faster every time.</exception>
    public async Task<IReadOnlyList<Product>> ChangeAsync(IReadOnlyList<string> ids, ProductChange change, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            for (var attempt = 1; attempt <= MaxAttempts; attempt++)
            {
                var (writes, saved) = await PrepareAsync(ids, change, cancellation);
                if (saved.Count == 0 || await state.TryCommitAsync(writes, cancellation)) return saved;
                await Task.Delay(Random.Shared.Next(5 * attempt), cancellation);
            }
            throw new TimeoutException("The catalogue could not be changed: others change it all the time.");
        }
        finally
        {
            _turn.Release();
        }
    }

    public static CatalogHead ReadHead(Documents documents) => documents.Get<CatalogHead>(HeadKey).Value ?? new CatalogHead(0, 0);

    /// <summary>The ids of all products ever created, deleted ones included, a page at a time.</summary>
    public async Task<IReadOnlyList<string[]>> ReadIndexAsync(CatalogHead head, CancellationToken cancellation)
    {
        var pages = await state.ReadAllAsync<IndexPage>(Pages(0, head.Products).Select(IndexPageKey), cancellation);
        return [.. pages.Select(page => page.ProductIds.ToArray())];
    }

    public Task<List<Product>> ReadProductsAsync(IEnumerable<string> ids, CancellationToken cancellation) =>
        state.ReadAllAsync<Product>(ids.Select(ProductKey), cancellation);

    /// <summary>
    /// The products changed from one position of the feed up to another, or null when the feed no longer goes back that far.
    /// </summary>
    public async Task<IReadOnlyCollection<string>?> ReadChangesAsync(long from, long to, CancellationToken cancellation)
    {
        var expected = Pages(from, to).ToList();
        var pages = await state.ReadAllAsync<ChangePage>(expected.Select(ChangePageKey), cancellation);
        if (pages.Count < expected.Count) return null;
        return pages
            .SelectMany(page => page.ProductIds)
            .Skip((int)(from % PageSize))
            .Take((int)(to - from))
            .ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>The pages that hold the positions from one up to another.</summary>
    private static IEnumerable<long> Pages(long from, long to)
    {
        for (var page = from / PageSize; page * PageSize < to; page++) yield return page;
    }

    private static string IndexPageKey(long page) => $"index/{page}";

    private async Task<(List<StateTransactionRequest> Writes, List<Product> Saved)> PrepareAsync(
        IReadOnlyList<string> ids, ProductChange change, CancellationToken cancellation)
    {
        var read = await state.GetManyAsync([HeadKey, .. ids.Select(ProductKey)], cancellation);
        var head = ReadHead(read);
        var saved = new List<Product>();
        var writes = new List<StateTransactionRequest>();
        var created = new List<string>();
        foreach (var id in ids)
        {
            var (current, etag) = read.Get<Product>(ProductKey(id));
            if (change(id, current, head.Products + created.Count) is not { } next) continue;
            if (current is null) created.Add(id);
            saved.Add(next);
            writes.Add(state.Write(ProductKey(id), next, etag));
        }
        if (saved.Count == 0) return (writes, saved);

        var after = new CatalogHead(head.Changes + saved.Count, head.Products + created.Count);
        var changePages = Pages(head.Changes, after.Changes).Select(ChangePageKey).ToList();
        var indexPages = Pages(head.Products, after.Products).Select(IndexPageKey).ToList();
        var pages = await state.GetManyAsync([.. changePages, .. indexPages], cancellation);
        foreach (var (key, news) in Spread(head.Changes, changePages, saved.Select(product => product.Id)))
        {
            var (page, etag) = pages.Get<ChangePage>(key);
            writes.Add(state.Write(key, new ChangePage([.. page?.ProductIds ?? [], .. news]), etag));
        }
        foreach (var (key, news) in Spread(head.Products, indexPages, created))
        {
            var (page, etag) = pages.Get<IndexPage>(key);
            writes.Add(state.Write(key, new IndexPage([.. page?.ProductIds ?? [], .. news]), etag));
        }
        writes.Add(state.Write(HeadKey, after, read.Get<CatalogHead>(HeadKey).ETag));
        return (writes, saved);
    }

    /// <summary>Spreads ids, the first of which gets position <paramref name="start"/>, over the pages they fall on.</summary>
    private static IEnumerable<(string Page, IEnumerable<string> Ids)> Spread(long start, List<string> pages, IEnumerable<string> ids)
    {
        var room = PageSize - (int)(start % PageSize);
        foreach (var page in pages)
        {
            yield return (page, ids.Take(room));
            ids = ids.Skip(room);
            room = PageSize;
        }
    }
}

/// <summary>Reads of many documents of one type.</summary>
public static class BulkReads
{
    private const int MaxKeysPerCall = 200;

    /// <summary>In the order of the keys; missing documents are left out. One call for every 200 keys.</summary>
    public static async Task<List<T>> ReadAllAsync<T>(this StateStore state, IEnumerable<string> keys, CancellationToken cancellation)
        where T : class
    {
        var found = new List<T>();
        foreach (var chunk in keys.Chunk(MaxKeysPerCall))
        {
            var documents = await state.GetManyAsync(chunk, cancellation);
            found.AddRange(chunk.Select(key => documents.Get<T>(key).Value).OfType<T>());
        }
        return found;
    }
}
