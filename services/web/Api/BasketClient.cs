using DaprShop.Contracts;

namespace DaprShop.Web.Api;

/// <summary>The visitor's basket: the member's, or the guest's that a cookie names.</summary>
public sealed class BasketClient(Caller caller)
{
    private Task<Answer<BasketView>>? _current;

    /// <summary>Asked once a request, however many parts of the page show it.</summary>
    public Task<Answer<BasketView>> CurrentAsync() => _current ??= caller.GetAsync<BasketView>("basket", "api/basket");

    public Task<Answer<BasketView>> PutAsync(string productId, int quantity) =>
        _current = caller.SendAsync<BasketView>("basket", HttpMethod.Put, Item(productId), new { quantity });

    public Task<Answer<BasketView>> RemoveAsync(string productId) =>
        _current = caller.SendAsync<BasketView>("basket", HttpMethod.Delete, Item(productId));

    /// <param name="basketId">The guest's.</param>
    /// <param name="accessToken">Of a member who is just signing in; the visitor's own when null.</param>
    public Task<Answer<BasketView>> MergeAsync(string basketId, string? accessToken = null) =>
        _current = caller.SendAsync<BasketView>("basket", HttpMethod.Post, "api/basket/merge", new { basketId }, accessToken: accessToken);

    private static string Item(string productId) => $"api/basket/items/{Uri.EscapeDataString(productId)}";
}
