using DaprShop.EndToEnd.Tests;

namespace DaprShop.Isolation.Tests;

/// <summary>What becomes of an order that is under way when a service goes away.</summary>
public enum Fate
{
    /// <summary>It goes on and is confirmed as if nothing were.</summary>
    Finishes,

    /// <summary>It waits, and is confirmed when the service is back.</summary>
    Waits,
}

/// <summary>A row of the table: while <paramref name="Service"/> is away, exactly <paramref name="Refused"/> is 503; all else works.</summary>
public sealed record Outage(string Service, Fate OrdersUnderWay, params string[] Refused)
{
    /// <summary>One row for each service of the shop.</summary>
    public static IReadOnlyList<Outage> All { get; } =
    [
        // Tokens are checked against keys that every service has at hand: who is signed in goes on shopping.
        new("members", Fate.Finishes, "sign in", "my profile", "keys"),
        // Baskets have their own table of products. Nothing can be priced.
        new("catalog", Fate.Finishes, "products", "a product", "picture", "order", "order from the basket"),
        new("inventory", Fate.Waits, "stock"),
        new("basket", Fate.Finishes, "basket", "into the basket", "order from the basket", "reorder"),
        new("ordering", Fate.Waits, "order", "order from the basket", "my orders", "an order", "history", "reorder"),
        new("payment", Fate.Waits, "payment"),
        // Ordering knows the rates for a while.
        new("shipping", Fate.Waits, "rates", "shipment"),
        // Nobody notices; the messages come later.
        new("notification", Fate.Finishes, "messages"),
        // The pages and what is made for staff; programs do not notice.
        new("web", Fate.Finishes, "storefront", "dead letters"),
    ];

    public override string ToString() => Service;
}

/// <summary>A thing to do in the shop: one request through the gateway.</summary>
/// <param name="Who">Whose order an accepted one is.</param>
public sealed record Ability(Func<Task<HttpResponseMessage>> Request, ShopClient? Who = null);

/// <summary>What one can do in the shop. The order matters a little: what is put into the basket is ordered from there.</summary>
/// <param name="shop">The shop.</param>
/// <param name="member">Somebody signed in.</param>
/// <param name="shopper">Somebody else, who orders from the basket.</param>
/// <param name="staff">Staff, signed in.</param>
/// <param name="product">There is plenty of it.</param>
/// <param name="done">An order of the member's that is confirmed.</param>
public sealed class Abilities(Shop shop, ShopClient member, ShopClient shopper, ShopClient staff, ProductDoc product, Order done)
{
    public IReadOnlyDictionary<string, Ability> All { get; } = new Dictionary<string, Ability>
    {
        ["products"] = new(() => shop.Anonymous.GetAsync("/api/catalog/products?search=kettle")),
        ["a product"] = new(() => shop.Anonymous.GetAsync($"/api/catalog/products/{product.Id}")),
        ["picture"] = new(() => shop.Anonymous.GetAsync($"/api/catalog/products/{product.Id}/image")),
        ["stock"] = new(() => shop.Anonymous.GetAsync($"/api/inventory/{product.Id}")),
        ["keys"] = new(() => shop.Anonymous.GetAsync("/.well-known/jwks.json")),
        ["sign in"] = new(() => shop.Anonymous.PostAsync("/api/members/token", new { email = member.Credentials!.Email, password = Shop.Password })),
        ["my profile"] = new(() => member.GetAsync("/api/members/me")),
        ["into the basket"] = new(() => shopper.PutAsync($"/api/basket/items/{product.Id}", new { quantity = 1 })),
        ["basket"] = new(() => shopper.GetAsync("/api/basket")),
        ["order from the basket"] = new(() => shopper.PostAsync("/api/orders", Checkout.OfBasket(), Checkout.Key()), shopper),
        ["order"] = new(() => member.PostAsync("/api/orders", Checkout.Of(product.Id), Checkout.Key()), member),
        ["my orders"] = new(() => member.GetAsync("/api/orders")),
        ["an order"] = new(() => member.GetAsync($"/api/orders/{done.Id}")),
        ["history"] = new(() => member.GetAsync($"/api/orders/{done.Id}/history")),
        ["reorder"] = new(() => member.PostAsync($"/api/orders/{done.Id}/reorder")),
        ["payment"] = new(() => member.GetAsync($"/api/payments/{done.Id}")),
        ["rates"] = new(() => shop.Anonymous.GetAsync("/api/shipping/rates?country=US&weight=900")),
        ["shipment"] = new(() => member.GetAsync($"/api/shipments/{done.Id}")),
        ["messages"] = new(() => member.GetAsync("/api/notifications")),
        ["dead letters"] = new(() => staff.GetAsync("/api/admin/dead-letters")),
        ["storefront"] = new(() => shop.Anonymous.GetAsync("/")),
    };
}
