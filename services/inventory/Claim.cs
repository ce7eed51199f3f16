using DaprShop.Contracts;

namespace DaprShop.Inventory;

/// <summary>
/// What an order wanted of stock, over all its products, and what became of it: all lines or none. Kept for ever, so that a late duplicate
/// is known for what it is. Pure: each step is decided from the claim and the stocks of its products together, and gives all of them as
/// they shall be. The stocks come without what has expired; a claim whose hold is gone from one of them has expired as a whole.
/// </summary>
/// <param name="State">Where it stands.</param>
/// <param name="Lines">What was asked for, each product once; empty when the order was released before it asked.</param>
/// <param name="Missing">When the order was refused: the products that lacked stock.</param>
public sealed record Claim(ClaimState State, IReadOnlyList<StockLine> Lines, IReadOnlyList<string>? Missing = null) : IStockRecord
{
    IEnumerable<string> IStockRecord.ProductIds => Lines.Select(line => line.ProductId);

    /// <summary>Takes a hold on every line for an order that is new here; a claim that is known answers for itself.</summary>
    /// <param name="claim">What is known of the order; null when nothing is.</param>
    /// <param name="orderId">The order.</param>
    /// <param name="lines">What it wants, each product once.</param>
    /// <param name="expiresAt">When the hold ends by itself.</param>
    /// <param name="stocks">Of all the products.</param>
    /// <param name="now">The time.</param>
    public static Decision<Claim> Reserve(
        Claim? claim, string orderId, IReadOnlyList<StockLine> lines, DateTimeOffset expiresAt,
        IReadOnlyDictionary<string, Stock> stocks, DateTimeOffset now)
    {
        if (claim is not null) return claim.Current(orderId, stocks);
        if (expiresAt <= now) return new(new Claim(ClaimState.Expired, lines), stocks);
        string[] missing =
            [.. lines.Where(line => line.Quantity > stocks[line.ProductId].Available).Select(line => line.ProductId).Order()];
        return missing.Length > 0
            ? new(new Claim(ClaimState.OutOfStock, lines, missing), stocks)
            : new Claim(ClaimState.Reserved, lines)
                .Over(stocks, (stock, line) => stock.Hold(orderId, new Reservation(line.Quantity, expiresAt)));
    }

    /// <summary>Takes what is reserved off the shelves. Of an order that is not known nothing becomes known.</summary>
    public static Decision<Claim> Commit(Claim? claim, string orderId, IReadOnlyDictionary<string, Stock> stocks) =>
        claim?.Current(orderId, stocks) switch
        {
            { Record: { State: ClaimState.Reserved } held } =>
                (held with { State = ClaimState.Committed }).Over(stocks, (stock, _) => stock.Take(orderId)),
            { } other => other,
            null => new(null, stocks),
        };

    /// <summary>Undoes whatever was done, and remembers it: a claim that comes later gets nothing.</summary>
    public static Decision<Claim> Release(Claim? claim, string orderId, IReadOnlyDictionary<string, Stock> stocks) =>
        claim?.Current(orderId, stocks) switch
        {
            { Record: { State: ClaimState.Reserved } held } =>
                (held with { State = ClaimState.Released }).Over(stocks, (stock, _) => stock.Free(orderId)),
            { Record: { State: ClaimState.Committed } taken } =>
                (taken with { State = ClaimState.Restocked }).Over(stocks, (stock, line) => stock.PutBack(line.Quantity)),
            { } other => other,
            null => new(new Claim(ClaimState.Released, []), stocks),
        };

    /// <summary>
    /// Where the claim stands now. The clocks of two replicas differ: one may have freed a product while the other would still have held
    /// it, so what counts is what the stocks say.
    /// </summary>
    private Decision<Claim> Current(string orderId, IReadOnlyDictionary<string, Stock> stocks) =>
        State is ClaimState.Reserved && !Lines.All(line => stocks[line.ProductId].IsHeldFor(orderId))
            ? (this with { State = ClaimState.Expired }).Over(stocks, (stock, _) => stock.Free(orderId))
            : new(this, stocks);

    private Decision<Claim> Over(IReadOnlyDictionary<string, Stock> stocks, Func<Stock, StockLine, Stock> change)
    {
        var after = new Dictionary<string, Stock>(stocks);
        foreach (var line in Lines) after[line.ProductId] = change(stocks[line.ProductId], line);
        return new(this, after);
    }
}

/// <summary>
/// Reserved → Committed → Restocked; a hold can also end as Released or Expired, and there may be none from the start: OutOfStock,
/// Expired, or Released before it was asked for. Every other state than the first two is final.
/// </summary>
public enum ClaimState
{
    Reserved,
    OutOfStock,
    Released,
    Committed,
    Restocked,
    Expired,
}
