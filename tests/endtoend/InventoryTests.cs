using DaprShop.Contracts;

namespace DaprShop.EndToEnd.Tests;

public sealed class InventoryTests(SharedShop shared)
{
    private readonly Shop _shop = shared.Shop;

    [Fact]
    public async Task The_seed_has_stock()
    {
        var stock = await _shop.StockOfAsync("skillet-01");

        Assert.True(stock is { ProductId: "skillet-01", OnHand: > 0 });
        Assert.Equal(stock.OnHand - stock.Reserved, stock.Available);
    }

    [Fact]
    public Task An_unknown_product_is_404() => _shop.Anonymous.GetAsync("/api/inventory/no-such-thing").ProblemAsync(404);

    [Fact]
    public async Task Staff_count_and_adjust_and_the_catalogue_hears()
    {
        var product = await _shop.NewProductAsync(stock: 5);
        var staff = await _shop.StaffAsync();

        var adjusted = await staff.PostAsync($"/api/inventory/{product.Id}/adjustments", new { delta = -2, reason = "broken" }).ReadAsync<StockDoc>();

        Assert.Equal((3, 0, 3), (adjusted.OnHand, adjusted.Reserved, adjusted.Available));
        await Eventually.Async(
            () => _shop.Anonymous.GetAsync($"/api/catalog/products?category={product.Category}&inStock=true&pageSize=100").ReadAsync<Page<ProductDoc>>(),
            page => page.Items.Any(item => item.Id == product.Id),
            "the catalogue to show stock");
    }

    [Fact]
    public async Task Stock_never_goes_below_nothing()
    {
        var product = await _shop.NewProductAsync(stock: 1);
        var staff = await _shop.StaffAsync();

        await staff.PostAsync($"/api/inventory/{product.Id}/adjustments", new { delta = -2, reason = "lost" }).ProblemAsync(409);
        await staff.PutAsync($"/api/inventory/{product.Id}", new { onHand = -1 }).ProblemAsync(400, "onHand");
        await staff.PutAsync($"/api/inventory/{product.Id}", Answers.Text("{\"onHand\":\"many\"}")).ProblemAsync(400);
        Assert.Equal(1, (await _shop.StockOfAsync(product.Id)).OnHand);
    }

    [Fact]
    public async Task A_member_may_not_touch_stock()
    {
        var member = await _shop.SomeoneAsync();

        await member.PutAsync("/api/inventory/skillet-01", new { onHand = 1 }).ProblemAsync(403);
        await member.PostAsync("/api/inventory/skillet-01/adjustments", new { delta = 1, reason = "gift" }).ProblemAsync(403);
    }
}
