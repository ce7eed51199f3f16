namespace DaprShop.Inventory;

/// <summary>Staff put the shelf right: to <paramref name="OnHand"/>, or by <paramref name="Delta"/>.</summary>
/// <param name="By">The member of staff.</param>
/// <param name="OnHand">The new amount, when it was counted.</param>
/// <param name="Delta">More or less of it, when it was not.</param>
/// <param name="Reason">Why.</param>
public sealed record CorrectCommand(string By, int? OnHand = null, int Delta = 0, string? Reason = null);

/// <summary>What is kept of a correction, for ever: who put what right, when and why, and what there was afterwards.</summary>
public sealed record Correction(CorrectCommand Command, DateTimeOffset At, StockLevel Level) : IStockRecord
{
    IEnumerable<string> IStockRecord.ProductIds => [Level.ProductId];

    /// <summary>Pure. A known correction answers for itself; there is none of a shelf that is not known or cannot be put so.</summary>
    public static Decision<Correction> Decide(
        Correction? known, CorrectCommand command, string productId, IReadOnlyDictionary<string, Stock> stocks, DateTimeOffset now)
    {
        var stock = stocks[productId];
        return known is null && stock.IsKnown && stock.Count(command.OnHand ?? stock.OnHand + command.Delta) is { } counted
            ? new(new Correction(command, now, StockLevel.Of(productId, counted)), new Dictionary<string, Stock> { [productId] = counted })
            : new(known, stocks);
    }
}
