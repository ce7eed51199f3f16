namespace DaprShop.Catalog;

public enum ProductSort
{
    Relevance,
    Price,
    PriceDescending,
    Name,
    Newest,
}

/// <summary>A question to the catalogue, already checked.</summary>
/// <param name="Search">Words that must all be found, or null for everything.</param>
/// <param name="MinPrice">Minor units, inclusive.</param>
/// <param name="MaxPrice">Minor units, inclusive.</param>
/// <param name="InStock">True for what is available, false for what is sold out, null for both.</param>
public sealed record ProductQuery(
    string? Search = null, string? Category = null, long? MinPrice = null, long? MaxPrice = null, bool? InStock = null,
    ProductSort Sort = ProductSort.Relevance, int Page = 1, int PageSize = ProductQuery.DefaultPageSize)
{
    public const int DefaultPageSize = 20;
    public const int MaxPageSize = 100;

    public static readonly ProductQuery Default = new();

    /// <summary>Whether anything but the words decides what is on the list.</summary>
    public bool HasFilters => Category is not null || MinPrice is not null || MaxPrice is not null || InStock is not null;
}
