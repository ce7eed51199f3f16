namespace DaprShop.Catalog;

/// <summary>The newest changes of stock, for replicas that tail them.</summary>
/// <param name="Count">How many there ever were.</param>
/// <param name="Recent">The products of the last of them, newest last.</param>
public sealed record StockChanges(long Count, List<string> Recent);

/// <summary>
/// What inventory last told of each product, kept so that a restart and other replicas know it: <c>stock/{id}</c> documents, and
/// <c>stock-changes</c>, which replicas tail. A batch of events costs one call to read and one transaction to write.
/// </summary>
public sealed class StockStore(StateDocuments documents)
{
    public const string ChangesKey = "stock-changes";
    private const int MaxRecent = 500;
    private const int MaxAttempts = 10;

    /// <summary>Saves those levels that are newer than the stored ones; false when other replicas were faster every time.</summary>
    /// <param name="levels">At most 150, one for each product.</param>
    public async Task<bool> TrySaveAsync(IReadOnlyCollection<StockLevel> levels, CancellationToken cancellation)
    {
        for (var attempt = 1; attempt <= MaxAttempts; attempt++)
        {
            var read = await documents.ReadAsync([ChangesKey, .. levels.Select(level => Key(level.ProductId))], cancellation);
            var newer = levels
                .Where(level => !(read[Key(level.ProductId)].Read(CatalogJson.Default.StockLevel)?.Version >= level.Version))
                .ToList();
            if (newer.Count == 0) return true;

            var changes = ReadChanges(read[ChangesKey]);
            var recent = changes.Recent.Concat(newer.Select(level => level.ProductId)).TakeLast(MaxRecent).ToList();
            var written = await documents.TryWriteAsync(
                [
                    .. newer.Select(level => read[Key(level.ProductId)].Write(level, CatalogJson.Default.StockLevel)),
                    read[ChangesKey].Write(new StockChanges(changes.Count + newer.Count, recent), CatalogJson.Default.StockChanges),
                ],
                cancellation);
            if (written) return true;
            await Task.Delay(Random.Shared.Next(5 * attempt), cancellation);
        }
        return false;
    }

    public static StockChanges ReadChanges(StateDocument document) =>
        document.Read(CatalogJson.Default.StockChanges) ?? new StockChanges(0, []);

    public Task<List<StockLevel>> ReadAsync(IEnumerable<string> productIds, CancellationToken cancellation) =>
        documents.ReadAsync(productIds.Select(Key), CatalogJson.Default.StockLevel, cancellation);

    private static string Key(string productId) => $"stock/{productId}";
}
