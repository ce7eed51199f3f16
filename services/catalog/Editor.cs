using DaprShop.Common;

namespace DaprShop.Catalog;

/// <summary>One change of one product: saved, seen at once by this replica's readers, then told.</summary>
public sealed class Editor(CatalogStore store, Shelf shelf, ChangeRelay relay, TimeProvider time)
{
    /// <param name="check">Why the stored product must not be changed so; null when it may.</param>
    /// <param name="edit">The next version, from the stored product, the position if it is new, and the time.</param>
    /// <returns>What was saved, or the problem.</returns>
    public async Task<(ShelfItem? Item, Problem? Problem)> EditAsync(
        string id, Func<Product?, Problem?> check, Func<Product?, int, DateTimeOffset, Product> edit, CancellationToken cancellation)
    {
        if (!Slug.IsValid(id)) return (null, check(null));
        Problem? problem = null;
        var saved = await store.ChangeAsync(
            [id],
            (_, current, newPosition) => (problem = check(current)) is null ? edit(current, newPosition, time.GetUtcNow()) : null,
            cancellation);
        if (problem is not null) return (null, problem);
        shelf.Put(saved);
        relay.Wake();
        return (shelf.Find(id) ?? new ShelfItem(saved[0], 0), null);
    }
}
