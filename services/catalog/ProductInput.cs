using DaprShop.Common;
using DaprShop.Contracts;

namespace DaprShop.Catalog;

/// <summary>What staff send to create or replace a product.</summary>
/// <param name="Id">Only when creating; derived from the name when absent.</param>
/// <param name="Category">A slug; a new one makes a new category.</param>
/// <param name="Price">In the shop's currency, USD.</param>
/// <param name="WeightGrams">Shipping weight of one piece; 500 when absent.</param>
public sealed record ProductInput(
    string? Id = null, string? Name = null, string? Description = null, string? Category = null,
    Money? Price = null, int? WeightGrams = null)
{
    public const string Currency = "USD";
    private const int DefaultWeightGrams = 500;
    private const long MaxPrice = 100_000_000;
    private const int MaxWeightGrams = 1_000_000;

    /// <summary>The 400 to answer, or null when all is well.</summary>
    /// <param name="isNew">Whether the product needs an id.</param>
    public Problem? Check(bool isNew) => new Validation()
        .Check(!isNew || Id is null || Slug.IsValid(Id), "id", "Lower-case letters, digits and single hyphens, 1 to 64 characters.")
        .Text(Name, "name", 120)
        .Check(!isNew || Id is not null || Slug.From(Name ?? "").Length > 0, "name", "Has no letter or digit to make an id of; send an id.")
        .Check(Description is null || IsProse(Description), "description",
            "At most 2000 characters, no control characters but line breaks.")
        .Check(Slug.IsValid(Category), "category", "Required: lower-case letters, digits and single hyphens, 1 to 64 characters.")
        .Check(Price is { Amount: >= 0 and <= MaxPrice }, "price.amount", $"Required: 0 to {MaxPrice} minor units.")
        .Check(Price is { Currency: Currency }, "price.currency", $"Required: {Currency}.")
        .Check(WeightGrams is null or (>= 0 and <= MaxWeightGrams), "weightGrams", $"0 to {MaxWeightGrams}.")
        .Problem;

    /// <summary>This input, once checked, as the next version of <paramref name="current"/>, or as a new product.</summary>
    public Product ToProduct(string id, Product? current, int newPosition, DateTimeOffset now) => new(
        id, Name!.Trim(), Description?.Trim() ?? "", Category!, Price!.Value, WeightGrams ?? DefaultWeightGrams,
        (current?.Version ?? 0) + 1, current?.Position ?? newPosition, now);

    private static bool IsProse(string text) => text.Length <= 2000 && !text.Any(c => char.IsControl(c) && c is not ('\n' or '\r' or '\t'));
}
