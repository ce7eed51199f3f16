using DaprShop.Common;
using DaprShop.Contracts;

namespace DaprShop.Basket;

/// <summary>
/// Baskets in the store, and as they are shown: names and prices are always the products' own. Calls: 2 to show; 2 to put, remove or clear,
/// and 1 more when there are other lines to show; 9 to merge and show.
/// </summary>
public sealed class Baskets(StateStore store, ProductTable products)
{
    private const string Currency = "USD";

    public async Task<BasketView> ShowAsync(BasketOwner owner, CancellationToken cancellation)
    {
        var (basket, _) = await store.GetAsync<Basket>(owner.Key, cancellation);
        return await ViewAsync(basket ?? Basket.Empty, Documents.None, cancellation);
    }

    /// <summary>Sets a quantity. A refusal is 404 for an unknown product and 400 for one product too many.</summary>
    public async Task<(BasketView? View, Problem? Refusal)> PutAsync(
        BasketOwner owner, string productId, int quantity, CancellationToken cancellation)
    {
        var unknown = Problem.NotFound("There is no such product.");
        if (!Product.IsId(productId)) return (null, unknown);
        var outcome = await Optimistic.RetryAsync(async () =>
        {
            var read = await store.GetManyAsync([owner.Key, ProductTable.Key(productId)], cancellation);
            if ((await products.FindAsync([productId], read, cancellation)).Count == 0) return new Outcome(read, Refusal: unknown);
            var (kept, etag) = read.Get<Basket>(owner.Key);
            var basket = kept ?? Basket.Empty;
            if (!basket.HasRoomFor(productId))
                return new Outcome(read, Refusal: Problem.BadRequest($"A basket holds at most {Basket.MaxLines} products."));
            var changed = basket.Put(productId, quantity);
            return await SaveAsync(owner, changed, etag, cancellation) ? new Outcome(read, changed) : null;
        });
        return outcome.Basket is { } put ? (await ViewAsync(put, outcome.Read, cancellation), null) : (null, outcome.Refusal);
    }

    /// <summary>Changes a basket and shows it. Nothing is written when nothing changes.</summary>
    public async Task<BasketView> ChangeAsync(BasketOwner owner, Func<Basket, Basket> change, CancellationToken cancellation) =>
        await ViewAsync(await ApplyAsync(owner, change, cancellation), Documents.None, cancellation);

    /// <summary>
    /// Adds lines once for an operation, but for products that are not sold (any more). Those of an order leave the basket first, unless it
    /// has heard of it: <c>orders.submitted</c> may come later than this. One call more than a change.
    /// </summary>
    /// <exception cref="PeerUnavailableException">A product is unknown here and the catalogue does not answer.</exception>
    public async Task<BasketView> AddAsync(
        BasketOwner owner, string operationId, string? orderId, IReadOnlyList<StockLine> lines, CancellationToken cancellation)
    {
        var sold = await products.FindAsync([.. lines.Select(line => line.ProductId).Distinct()], Documents.None, cancellation);
        var wanted = lines.Where(line => sold.ContainsKey(line.ProductId)).ToList();
        return await ChangeAsync(
            owner, basket => (orderId is null ? basket : basket.TakeOut(orderId, lines)).Add(operationId, wanted), cancellation);
    }

    /// <summary>Takes orders' lines out of their members' baskets, whether or not there is one yet. Two calls for any number.</summary>
    public Task TakeOutAsync(IEnumerable<OrderChanged> submitted, CancellationToken cancellation) => store.ApplyAsync(
        submitted.Select(order => new Change<Basket>(
            BasketOwner.Member(order.MemberId).Key, basket => (basket ?? Basket.Empty).TakeOut(order.OrderId, LinesOf(order)))),
        cancellation);

    /// <summary>
    /// Moves a guest's lines to a member, in steps that need no transaction, for Dapr's Redis store has none that is all or nothing: they are
    /// set aside, added to the member's basket once, and forgotten. Whoever dies in between leaves them set aside for the same member, and
    /// the next to merge that guest's basket goes on there.
    /// </summary>
    public async Task<BasketView> MergeAsync(BasketOwner member, BasketOwner guest, CancellationToken cancellation)
    {
        while (await SetAsideAsync(member, guest, cancellation) is { } leaving)
        {
            await ApplyAsync(new BasketOwner(leaving.To, Ttl: null), basket => basket.Add(leaving.OperationId, leaving.Lines), cancellation);
            await ApplyAsync(guest, basket => basket.Forget(leaving.OperationId), cancellation);
        }
        return await ShowAsync(member, cancellation);
    }

    private async Task<Departure?> SetAsideAsync(BasketOwner member, BasketOwner guest, CancellationToken cancellation)
    {
        var kept = await Optimistic.RetryAsync(async () =>
        {
            var read = await store.GetManyAsync([member.Key, guest.Key], cancellation);
            var (known, etag) = read.Get<Basket>(guest.Key);
            var basket = known ?? Basket.Empty;
            var changed = basket.SetAside(Guid.CreateVersion7().ToString(), member.Key, read.Get<Basket>(member.Key).Value ?? Basket.Empty);
            return ReferenceEquals(changed, basket) || await SaveAsync(guest, changed, etag, cancellation) ? changed : null;
        });
        return kept.Leaving;
    }

    private static IEnumerable<StockLine> LinesOf(OrderChanged order) =>
        order.Items.Select(line => new StockLine(line.ProductId, line.Quantity));

    private Task<Basket> ApplyAsync(BasketOwner owner, Func<Basket, Basket> change, CancellationToken cancellation) =>
        Optimistic.RetryAsync(async () =>
        {
            var (kept, etag) = await store.GetAsync<Basket>(owner.Key, cancellation);
            var basket = kept ?? Basket.Empty;
            var changed = change(basket);
            return ReferenceEquals(changed, basket) || await SaveAsync(owner, changed, etag, cancellation) ? changed : null;
        });

    private Task<bool> SaveAsync(BasketOwner owner, Basket basket, string etag, CancellationToken cancellation) =>
        store.TrySaveAsync(owner.Key, basket, etag, owner.Ttl, cancellation);

    private async Task<BasketView> ViewAsync(Basket basket, Documents read, CancellationToken cancellation)
    {
        var sold = await products.FindAsync([.. basket.Lines.Select(line => line.ProductId)], read, cancellation);
        var items = basket.Lines
            .Where(line => sold.ContainsKey(line.ProductId))
            .Select(line => Item(line, sold[line.ProductId]))
            .ToList();
        var total = items.Count == 0 ? Money.Zero(Currency) : items.Select(item => item.LineTotal).Aggregate((sum, line) => sum + line);
        return new BasketView(items, total);
    }

    private static BasketItem Item(StockLine line, Product product) =>
        new(line.ProductId, product.Name, product.Price, line.Quantity, product.Price * line.Quantity);

    private sealed record Outcome(Documents Read, Basket? Basket = null, Problem? Refusal = null);
}
