using DaprShop.Common;
using DaprShop.Contracts;

namespace DaprShop.Basket;

/// <summary>The catalogue, for products no event has told of yet.</summary>
public sealed class CatalogClient(Peer catalog)
{
    private const int MaxIds = 100;

    /// <summary>Unknown ids are left out.</summary>
    /// <exception cref="PeerUnavailableException">No answer.</exception>
    public async Task<IReadOnlyList<ProductQuote>> QuotesAsync(IReadOnlyList<string> productIds, CancellationToken cancellation)
    {
        var answers = await Task.WhenAll(productIds.Chunk(MaxIds).Select(ids => Uri.EscapeDataString(string.Join(',', ids))).Select(ids =>
            catalog.GetAsync<IReadOnlyList<ProductQuote>>($"internal/products?ids={ids}", cancellation)));
        return [.. answers.SelectMany(quotes => quotes ?? [])];
    }
}
