using System.Globalization;
using DaprShop.Contracts;
using DaprShop.Web.Api;
using DaprShop.Web.Parts;

namespace DaprShop.Web.Pages.Staff;

/// <summary>A product as staff type it; the catalogue checks it.</summary>
public sealed class ProductForm
{
    public string? Id { get; set; }

    public string? Name { get; set; }

    public string? Description { get; set; }

    public string? Category { get; set; }

    /// <summary>Dollars and cents.</summary>
    public string? Price { get; set; }

    public string? WeightGrams { get; set; } = "500";

    /// <summary>The version that is edited.</summary>
    public string? ETag { get; set; }

    /// <param name="answer">The product.</param>
    /// <param name="weightGrams">Null when it cannot be told now: it is then left to be typed.</param>
    public static ProductForm Of(Answer<ProductView> answer, int? weightGrams) => new()
    {
        Name = answer.Value!.Name,
        Description = answer.Value.Description,
        Category = answer.Value.Category,
        Price = (answer.Value.Price.Amount / 100m).ToString("0.00", CultureInfo.InvariantCulture),
        WeightGrams = $"{weightGrams}",
        ETag = answer.ETag,
    };

    public ProductDraft Draft => new(
        string.IsNullOrWhiteSpace(Id) ? null : Id.Trim(), Name ?? "", Description ?? "", Category ?? "", new Money(Cents, "USD"),
        Whole.Number(WeightGrams) ?? -1);

    /// <summary>A price or a weight that is none becomes one the catalogue refuses.</summary>
    private long Cents =>
        decimal.TryParse(Price, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var price) && price < 10_000_000
            ? (long)Math.Round(price * 100)
            : -1;
}
