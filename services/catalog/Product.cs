using DaprShop.Contracts;

namespace DaprShop.Catalog;

/// <summary>
/// A product as it is stored; a deleted one stays as a tombstone, so that its version keeps growing if it ever comes back.
/// </summary>
/// <param name="Id">A readable slug, e.g. <c>kettle-01</c>.</param>
/// <param name="Category">A slug, e.g. <c>coffee-and-tea</c>.</param>
/// <param name="WeightGrams">Shipping weight of one piece.</param>
/// <param name="Version">1, then one more with each change.</param>
/// <param name="Position">How many products were created before it: its place in the index pages, and "newest" first in reverse.</param>
public sealed record Product(
    string Id,
    string Name,
    string Description,
    string Category,
    Money Price,
    int WeightGrams,
    long Version,
    int Position,
    DateTimeOffset ChangedAt,
    bool Deleted = false)
{
    /// <summary>The same before and after a rename, so pages that show the picture need not change.</summary>
    public string ImageUrl => $"/api/catalog/products/{Id}/image";
}
