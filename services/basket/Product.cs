using System.Text.RegularExpressions;
using DaprShop.Contracts;

namespace DaprShop.Basket;

/// <summary>What a basket knows of a product: document <c>product/{id}</c>, as <c>catalog.product-changed</c> last told it.</summary>
/// <param name="Version">The product's version in the catalogue; the latest wins.</param>
public sealed partial record Product(string Name, Money Price, long Version, bool Deleted)
{
    /// <summary>The newer of what is known and what is told; the same object when that is what is known.</summary>
    public static Product Latest(Product? known, ProductChanged told) => known is not null && known.Version >= told.Version
        ? known
        : new Product(told.Name, told.Price, told.Version, told.Deleted);

    public static Product From(ProductQuote quote) => new(quote.Name, quote.Price, quote.Version, Deleted: false);

    /// <summary>Product ids are slugs; nothing else is worth looking up.</summary>
    public static bool IsId(string text) => Slug().IsMatch(text);

    [GeneratedRegex(@"^[a-z0-9][a-z0-9-]{0,63}\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Slug();
}
