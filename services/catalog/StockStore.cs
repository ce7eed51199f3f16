using DaprShop.Common;

namespace DaprShop.Catalog;

/// <summary>The newest changes of stock, for replicas that tail them.</summary>
/// <param name="Count">How many there ever were.</param>
/// <param name="Recent">The products of the last of them, newest last.</param>
public sealed record StockChanges(long Count, List<string> Recent);

/// <summary>
/// What inventory last told of each product, kept so that a restart and other replicas know it: <c>stock/{id}</c> documents, and
/// <c>stock-changes</c>, which replicas tail. A batch of events costs one call to read and one transaction to write.
/// </summary>
public sealed class StockStore(StateStore state)
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
            var read = await state.GetManyAsync([ChangesKey, .. levels.Select(level => Key(level.ProductId))], cancellation);
            var newer = levels
                .Where(level => !(read.Get<StockLevel>(Key(level.ProductId)).Value?.Version >= level.Version))
                .ToList();
            if (newer.Count == 0) return true;

            var changes = ReadChanges(read);
            var recent = changes.Recent.Concat(newer.Select(level => level.ProductId)).TakeLast(MaxRecent).ToList();
            var written = await state.TryCommitAsync(
                [
                    .. newer.Select(level => state.Write(Key(level.ProductId), level, read.Get<StockLevel>(Key(level.ProductId)).ETag)),
                    state.Write(ChangesKey, new StockChanges(changes.Count + newer.Count, recent), read.Get<StockChanges>(ChangesKey).ETag),
                ],
                cancellation);
            if (written) return true;
            await Task.Delay(Random.Shared.Next(5 * attempt), cancellation);
        }
        return false;
    }

    public static StockChanges ReadChanges(Documents documents) =>
        documents.Get<StockChanges>(ChangesKey).Value ?? new StockChanges(0, []);

    public Task<List<StockLevel>> ReadAsync(IEnumerable<string> productIds, CancellationToken cancellation) =>
        state.ReadAllAsync<StockLevel>(productIds.Select(Key), cancellation);

    private static string Key(string productId) => $"stock/{productId}";
}
