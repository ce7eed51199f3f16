using DaprShop.Contracts;

namespace DaprShop.Inventory;

/// <summary>
/// An order's stock over all its products: all lines or none. The products are asked in parallel, one actor call each. When this process
/// dies half-way, the caller does not know the outcome and asks again or releases, and what nobody asks for again expires.
/// </summary>
public sealed class Reservations(StockActors stocks)
{
    /// <summary>Holds every line, or none and says which products lack stock. The answer stays the same for ever.</summary>
    public async Task<StockReply> ReserveAsync(string orderId, ReserveStock order)
    {
        var lines = Merged(order.Lines);
        var claims = await ForEach(lines, line =>
            stocks.ReserveAsync(line.ProductId, new ReserveCommand(orderId, line.Quantity, order.ExpiresAt)));
        if (Array.TrueForAll(claims, IsHeld)) return new StockReply("reserved");

        var missing = claims.SelectMany(claim => claim.Missing ?? []).Distinct().Order().ToArray();
        var refused = missing.Length > 0;
        var held = lines.Where((_, i) => IsHeld(claims[i])).ToArray();
        await ForEach(held, line => stocks.ReleaseAsync(line.ProductId, new ReleaseCommand(orderId, refused ? missing : null)));
        return refused ? new StockReply("outOfStock", missing) : new StockReply("released");
    }

    public async Task<StockReply> CommitAsync(string orderId, StockLines order)
    {
        var claims = await ForEach(Merged(order.Lines), line => stocks.CommitAsync(line.ProductId, new CommitCommand(orderId)));
        return new StockReply(Array.TrueForAll(claims, claim => claim.State is ClaimState.Committed) ? "committed" : "expired");
    }

    public async Task<StockReply> ReleaseAsync(string orderId, StockLines order)
    {
        await ForEach(Merged(order.Lines), line => stocks.ReleaseAsync(line.ProductId, new ReleaseCommand(orderId)));
        return new StockReply("released");
    }

    private static bool IsHeld(Claim claim) => claim.State is ClaimState.Reserved or ClaimState.Committed;

    private static StockLine[] Merged(IReadOnlyList<StockLine> lines) =>
        [.. lines.GroupBy(line => line.ProductId).Select(product => new StockLine(product.Key, product.Sum(line => line.Quantity)))];

    private static Task<Claim[]> ForEach(StockLine[] lines, Func<StockLine, Task<Claim>> call) => Task.WhenAll(lines.Select(call));
}
