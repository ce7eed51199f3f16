using DaprShop.Common;

namespace DaprShop.Inventory;

/// <summary>
/// What staff do to stock. Sidecar calls: 1 get, 1 transaction; 5 more, 1 of them to the catalogue, for a product that no event has told of.
/// </summary>
public sealed class Corrections(StockChanges changes, StockStore stocks, CatalogClient catalog, TimeProvider time)
{
    /// <summary>Whoever has put a product into the catalogue may say at once how much there is of it.</summary>
    /// <param name="productId">The product.</param>
    /// <param name="key">The same command under the same key counts once; another command under it is refused.</param>
    /// <param name="command">What to do.</param>
    /// <param name="cancellation">Gives up before anything is written.</param>
    /// <exception cref="PeerUnavailableException">The product is unknown here and the catalogue does not answer.</exception>
    public async Task<StockCorrected> CorrectAsync(string productId, string key, CorrectCommand command, CancellationToken cancellation)
    {
        var corrected = await TryAsync(productId, key, command, cancellation);
        if (corrected.Outcome is not CorrectionOutcome.UnknownProduct || !await catalog.SellsAsync(productId, cancellation)) return corrected;
        await stocks.OpenAsync([productId], cancellation);
        return await TryAsync(productId, key, command, cancellation);
    }

    private async Task<StockCorrected> TryAsync(string productId, string key, CorrectCommand command, CancellationToken cancellation)
    {
        var (correction, after) = await changes.MakeAsync<Correction>(
            $"correction/{productId}/{key}", [productId],
            (known, found) => Correction.Decide(known, command, productId, found, time.GetUtcNow()), cancellation);
        return correction switch
        {
            { } done when done.Command == command => new(CorrectionOutcome.Done, done.Level),
            not null => new(CorrectionOutcome.KeyReused),
            null when after[productId].IsKnown => new(CorrectionOutcome.Refused, StockLevel.Of(productId, after[productId])),
            null => new(CorrectionOutcome.UnknownProduct),
        };
    }
}

/// <param name="Outcome">What happened.</param>
/// <param name="Level">The stock afterwards, when it was done or refused.</param>
public sealed record StockCorrected(CorrectionOutcome Outcome, StockLevel? Level = null);

public enum CorrectionOutcome { Done, UnknownProduct, Refused, KeyReused }
