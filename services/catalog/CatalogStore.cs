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
public sealed class CatalogStore(StateDocuments documents) : IDisposable
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
                if (saved.Count == 0 || await documents.TryWriteAsync(writes, cancellation)) return saved;
                await Task.Delay(Random.Shared.Next(5 * attempt), cancellation);
            }
            throw new TimeoutException("The catalogue could not be changed: others change it all the time.");
        }
        finally
        {
            _turn.Release();
        }
    }

    public async Task<CatalogHead> ReadHeadAsync(CancellationToken cancellation) =>
        ReadHead((await documents.ReadAsync([HeadKey], cancellation))[HeadKey]);

    public static CatalogHead ReadHead(StateDocument document) => document.Read(CatalogJson.Default.CatalogHead) ?? new CatalogHead(0, 0);

    /// <summary>The ids of all products ever created, deleted ones included, a page at a time.</summary>
    public async Task<IReadOnlyList<string[]>> ReadIndexAsync(CatalogHead head, CancellationToken cancellation)
    {
        var pages = await documents.ReadAsync(Pages(0, head.Products).Select(IndexPageKey), CatalogJson.Default.IndexPage, cancellation);
        return [.. pages.Select(page => page.ProductIds.ToArray())];
    }

    public Task<List<Product>> ReadProductsAsync(IEnumerable<string> ids, CancellationToken cancellation) =>
        documents.ReadAsync(ids.Select(ProductKey), CatalogJson.Default.Product, cancellation);

    /// <summary>The products changed from one position of the feed up to another, or null when the feed no longer goes back that far.</summary>
    public async Task<IReadOnlyCollection<string>?> ReadChangesAsync(long from, long to, CancellationToken cancellation)
    {
        var expected = Pages(from, to).ToList();
        var pages = await documents.ReadAsync(expected.Select(ChangePageKey), CatalogJson.Default.ChangePage, cancellation);
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

    private async Task<(List<StateWrite> Writes, List<Product> Saved)> PrepareAsync(
        IReadOnlyList<string> ids, ProductChange change, CancellationToken cancellation)
    {
        var read = await documents.ReadAsync([HeadKey, .. ids.Select(ProductKey)], cancellation);
        var head = ReadHead(read[HeadKey]);
        var saved = new List<Product>();
        var writes = new List<StateWrite>();
        var created = new List<string>();
        foreach (var id in ids)
        {
            var document = read[ProductKey(id)];
            var current = document.Read(CatalogJson.Default.Product);
            if (change(id, current, head.Products + created.Count) is not { } next) continue;
            if (current is null) created.Add(id);
            saved.Add(next);
            writes.Add(document.Write(next, CatalogJson.Default.Product));
        }
        if (saved.Count == 0) return (writes, saved);

        var after = new CatalogHead(head.Changes + saved.Count, head.Products + created.Count);
        var changePages = Pages(head.Changes, after.Changes).Select(ChangePageKey).ToList();
        var indexPages = Pages(head.Products, after.Products).Select(IndexPageKey).ToList();
        var pages = await documents.ReadAsync([.. changePages, .. indexPages], cancellation);
        writes.AddRange(Append(head.Changes, [.. saved.Select(product => product.Id)], [.. changePages.Select(page => pages[page])], (page, ids) =>
            page.Write(new ChangePage([.. page.Read(CatalogJson.Default.ChangePage)?.ProductIds ?? [], .. ids]), CatalogJson.Default.ChangePage)));
        writes.AddRange(Append(head.Products, created, [.. indexPages.Select(page => pages[page])], (page, ids) =>
            page.Write(new IndexPage([.. page.Read(CatalogJson.Default.IndexPage)?.ProductIds ?? [], .. ids]), CatalogJson.Default.IndexPage)));
        writes.Add(read[HeadKey].Write(after, CatalogJson.Default.CatalogHead));
        return (writes, saved);
    }

    /// <summary>Spreads ids, the first of which gets position <paramref name="start"/>, over the pages they fall on.</summary>
    private static IEnumerable<StateWrite> Append(
        long start, List<string> ids, List<StateDocument> pages, Func<StateDocument, IEnumerable<string>, StateWrite> append)
    {
        var room = PageSize - (int)(start % PageSize);
        foreach (var page in pages)
        {
            yield return append(page, ids.Take(room));
            ids = [.. ids.Skip(room)];
            room = PageSize;
        }
    }
}
