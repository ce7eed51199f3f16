using DaprShop.Contracts;
using Microsoft.AspNetCore.WebUtilities;

namespace DaprShop.Web.Api;

public sealed class CatalogClient(Caller caller)
{
    private const string Products = "api/catalog/products";

    public Task<Answer<Page<ProductView>>> SearchAsync(IEnumerable<KeyValuePair<string, string?>> query) =>
        caller.GetAsync<Page<ProductView>>("catalog",
            QueryHelpers.AddQueryString(Products, query.Where(part => !string.IsNullOrEmpty(part.Value))));

    public Task<Answer<ProductView>> ProductAsync(string id) => caller.GetAsync<ProductView>("catalog", One(id));

    public Task<Answer<Items<CategoryView>>> CategoriesAsync() => caller.GetAsync<Items<CategoryView>>("catalog", "api/catalog/categories");

    /// <summary>What the public product does not show: weights, for shipping rates and for staff.</summary>
    public Task<Answer<IReadOnlyList<ProductQuote>>> QuotesAsync(IEnumerable<string> ids) =>
        caller.GetAsync<IReadOnlyList<ProductQuote>>("catalog", $"internal/products?ids={Uri.EscapeDataString(string.Join(',', ids))}");

    public Task<Answer<ProductView>> CreateAsync(ProductDraft draft) =>
        caller.SendAsync<ProductView>("catalog", HttpMethod.Post, Products, draft);

    public Task<Answer<ProductView>> ReplaceAsync(string id, ProductDraft draft, string etag) =>
        caller.SendAsync<ProductView>("catalog", HttpMethod.Put, One(id), draft, ("If-Match", etag));

    public Task<Answer<ProductView>> DeleteAsync(string id, string etag) =>
        caller.SendAsync<ProductView>("catalog", HttpMethod.Delete, One(id), header: ("If-Match", etag));

    private static string One(string id) => $"{Products}/{Uri.EscapeDataString(id)}";
}
