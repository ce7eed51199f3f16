using DaprShop.Common;
using DaprShop.Contracts;

namespace DaprShop.Basket;

/// <summary>
/// The basket's own table of products, so that baskets work while the catalogue is away. Fed by events; a product not heard of yet is
/// looked up in the catalogue once. Replicas compete for events, so each asks the store and none keeps a copy of its own.
/// </summary>
public sealed class ProductTable(StateStore store, CatalogClient catalog)
{
    public static string Key(string productId) => $"product/{productId}";

    /// <summary>Takes over what is newer than what is here. Two calls for any number of events.</summary>
    public Task HearAsync(IEnumerable<ProductChanged> changes, CancellationToken cancellation) => store.ApplyAsync(
        changes.Select(changed => new Change<Product>(Key(changed.ProductId), known => Product.Latest(known, changed))), cancellation);

    /// <summary>Those of the products that are sold. One call when the table knows them all.</summary>
    /// <param name="productIds">Which ones.</param>
    /// <param name="read">Documents already at hand.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="PeerUnavailableException">A product is unknown here and the catalogue does not answer.</exception>
    public async Task<IReadOnlyDictionary<string, Product>> FindAsync(
        IReadOnlyCollection<string> productIds, Documents read, CancellationToken cancellation)
    {
        var found = new Dictionary<string, Product>(productIds.Count);
        var unread = Take(productIds, read, found);
        if (unread.Count > 0)
        {
            var unknown = Take(unread, await store.GetManyAsync([.. unread.Select(Key)], cancellation), found);
            if (unknown.Count > 0) await LookUpAsync(unknown, found, cancellation);
        }
        return found.Where(product => !product.Value.Deleted).ToDictionary();
    }

    private static List<string> Take(IEnumerable<string> productIds, Documents documents, Dictionary<string, Product> found)
    {
        List<string> missing = [];
        foreach (var id in productIds)
        {
            if (documents.Get<Product>(Key(id)).Value is { } product) found[id] = product;
            else missing.Add(id);
        }
        return missing;
    }

    private async Task LookUpAsync(List<string> unknown, Dictionary<string, Product> found, CancellationToken cancellation)
    {
        foreach (var quote in await catalog.QuotesAsync(unknown, cancellation))
        {
            var product = found[quote.ProductId] = Product.From(quote);
            // Refused when an event was faster, which is just as well.
            await store.TrySaveAsync(Key(quote.ProductId), product, etag: "", cancellation: cancellation);
        }
    }
}
