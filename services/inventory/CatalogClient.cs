using DaprShop.Common;
using DaprShop.Contracts;

namespace DaprShop.Inventory;

/// <summary>The catalogue, for a product that no event has told of yet.</summary>
public sealed class CatalogClient(Peer catalog)
{
    /// <summary>Whether it is sold.</summary>
    /// <exception cref="PeerUnavailableException">No answer.</exception>
    public async Task<bool> SellsAsync(string productId, CancellationToken cancellation) =>
        await catalog.GetAsync<IReadOnlyList<ProductQuote>>($"internal/products?ids={productId}", cancellation) is { Count: > 0 };
}
