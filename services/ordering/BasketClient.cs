using DaprShop.Common;
using DaprShop.Contracts;

namespace DaprShop.Ordering;

/// <summary>Members' baskets.</summary>
public sealed class BasketClient(Peer basket)
{
    /// <exception cref="PeerUnavailableException">No answer.</exception>
    public async Task<IReadOnlyList<StockLine>> Lines(string memberId, CancellationToken cancellation)
    {
        var view = await basket.GetAsync<BasketView>($"internal/baskets/{memberId}", cancellation);
        return [.. (view?.Items ?? []).Select(item => new StockLine(item.ProductId, item.Quantity))];
    }

    /// <summary>Adds lines, once per <paramref name="operationId"/>, and answers the basket.</summary>
    /// <param name="memberId">Whose basket.</param>
    /// <param name="orderId">The order they are from, while the basket may not have heard of it yet.</param>
    /// <param name="operationId">The same for the same wish.</param>
    /// <param name="lines">What to add.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="PeerUnavailableException">No answer.</exception>
    public async Task<BasketView> Add(
        string memberId, string? orderId, string operationId, IReadOnlyList<StockLine> lines, CancellationToken cancellation) =>
        await basket.PostAsync<BasketView>($"internal/baskets/{memberId}/items", new AddToBasket(operationId, lines, orderId), cancellation)
        ?? throw new PeerUnavailableException(basket.AppId);
}
