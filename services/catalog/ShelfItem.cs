using System.Text.Json;
using DaprShop.Contracts;

namespace DaprShop.Catalog;

/// <summary>A product as the public sees it, at one version and one stock level, with its JSON written once.</summary>
public sealed class ShelfItem(Product product, int available)
{
    private byte[]? _json;

    public Product Product { get; } = product;

    public int Available { get; } = available;

    /// <summary>Changes with anything the JSON shows; the part before the dot is the version that If-Match is about.</summary>
    public string ETag { get; } = $"\"{product.Version}.{available}\"";

    public ProductView View =>
        new(Product.Id, Product.Name, Product.Description, Product.Category, Product.Price, Product.ImageUrl, Available);

    /// <summary><see cref="View"/> in UTF-8, made on first use.</summary>
    public byte[] Json => _json ??= JsonSerializer.SerializeToUtf8Bytes(View, CatalogJson.Default.ProductView);
}

/// <summary>A product of the public API.</summary>
/// <param name="Available">How many can be ordered now; the last word is inventory's.</param>
public sealed record ProductView(string Id, string Name, string Description, string Category, Money Price, string ImageUrl, int Available);
