using DaprShop.Contracts;

namespace DaprShop.Inventory;

/// <summary>
/// The stock steps of an order, over all its products at once: its claim and their stocks change together or not at all. The answers stay
/// the same for ever. Sidecar calls: each step 1 bulk get and 1 transaction (a repetition only the get), whatever the number of lines.
/// </summary>
public sealed class Reservations(StockChanges changes, TimeProvider time)
{
    /// <summary>Holds every line, or none and says which products lack stock.</summary>
    public async Task<StockReply> ReserveAsync(string orderId, ReserveStock order, CancellationToken cancellation)
    {
        var lines = Merged(order.Lines);
        var claim = await StepAsync(
            orderId, lines, (known, found) => Claim.Reserve(known, orderId, lines, order.ExpiresAt, found, time.GetUtcNow()), cancellation);
        return claim switch
        {
            { State: ClaimState.Reserved or ClaimState.Committed } => new StockReply("reserved"),
            { State: ClaimState.OutOfStock } => new StockReply("outOfStock", claim.Missing),
            _ => new StockReply("released"),
        };
    }

    public async Task<StockReply> CommitAsync(string orderId, StockLines order, CancellationToken cancellation)
    {
        var claim = await StepAsync(orderId, order.Lines, (known, found) => Claim.Commit(known, orderId, found), cancellation);
        return new StockReply(claim is { State: ClaimState.Committed } ? "committed" : "expired");
    }

    public async Task<StockReply> ReleaseAsync(string orderId, StockLines order, CancellationToken cancellation)
    {
        await StepAsync(orderId, order.Lines, (known, found) => Claim.Release(known, orderId, found), cancellation);
        return new StockReply("released");
    }

    private async Task<Claim?> StepAsync(
        string orderId, IReadOnlyList<StockLine> lines,
        Func<Claim?, IReadOnlyDictionary<string, Stock>, Decision<Claim>> decide, CancellationToken cancellation) =>
        (await changes.MakeAsync($"claim/{orderId}", lines.Select(line => line.ProductId), decide, cancellation)).Record;

    private static StockLine[] Merged(IReadOnlyList<StockLine> lines) =>
        [.. lines.GroupBy(line => line.ProductId).Select(product => new StockLine(product.Key, product.Sum(line => line.Quantity)))];
}
