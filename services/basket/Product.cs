using System.Text.RegularExpressions;
using DaprShop.Contracts;

namespace DaprShop.Basket;

/// <summary>What a basket knows of a product: document <c>product/{id}</c>, as <c>catalog.product-changed</c> last told it.</summary>
/// <param name="Version">The product's version in the catalogue; the latest wins.</param>
public sealed partial record Product(string Name, Money Price, long Version, bool Deleted)
{
    public static Product From(ProductChanged changed) => new(changed.Name, changed.Price, changed.Version, changed.Deleted);

    public static Product From(ProductQuote quote) => new(quote.Name, quote.Price, quote.Version, Deleted: false);

    /// <summary>Product ids are slugs; nothing else is worth looking up.</summary>
    public static bool IsId(string text) => Slug().IsMatch(text);

    [GeneratedRegex(@"^[a-z0-9][a-z0-9-]{0,63}\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Slug();
}
