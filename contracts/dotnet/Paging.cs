namespace DaprShop.Contracts;

/// <summary>One page of a list, as every list of the public API answers it.</summary>
/// <param name="Items">The items of this page.</param>
/// <param name="Total">How many there are on all pages.</param>
/// <param name="PageNumber">1-based; <c>page</c> on the wire.</param>
/// <param name="PageSize">1–100.</param>
public sealed record Page<T>(
    IReadOnlyList<T> Items,
    long Total,
    [property: System.Text.Json.Serialization.JsonPropertyName("page")] int PageNumber,
    int PageSize);
