using DaprShop.Common;
using DaprShop.Contracts;

namespace DaprShop.Ordering;

/// <summary>What products are called, cost and weigh now.</summary>
public sealed class CatalogClient(Peer catalog)
{
    /// <summary>The products among <paramref name="productIds"/> (at most 100) that exist, by id.</summary>
    /// <exception cref="PeerUnavailableException">No answer.</exception>
    public async Task<IReadOnlyDictionary<string, ProductQuote>> Products(IEnumerable<string> productIds, CancellationToken cancellation)
    {
        var ids = string.Join(',', productIds.Select(Uri.EscapeDataString));
        var products = await catalog.GetAsync<ProductQuote[]>($"internal/products?ids={ids}", cancellation);
        return (products ?? []).ToDictionary(product => product.ProductId);
    }
}
