using DaprShop.Contracts;

namespace DaprShop.EndToEnd.Tests;

public sealed class BasketTests(SharedShop shared)
{
    private readonly Shop _shop = shared.Shop;

    [Fact]
    public async Task A_guest_fills_changes_and_clears_a_basket_at_the_shops_prices()
    {
        var product = await _shop.NewProductAsync(price: 250);
        var guest = _shop.Guest();
        Assert.Empty((await guest.GetAsync("/api/basket").ReadAsync<BasketView>()).Items);

        await PutAsync(guest, product.Id, 2);
        await PutAsync(guest, "skillet-01", 1);
        var basket = await PutAsync(guest, product.Id, 3);

        var line = Assert.Single(basket.Items, item => item.ProductId == product.Id);
        Assert.Equal((3, new Money(250, "USD"), new Money(750, "USD"), product.Name), (line.Quantity, line.UnitPrice, line.LineTotal, line.Name));
        Assert.Equal(basket.Items.Sum(item => item.LineTotal.Amount), basket.Total.Amount);

        basket = await guest.DeleteAsync($"/api/basket/items/{product.Id}").ReadAsync<BasketView>();
        Assert.Equal("skillet-01", Assert.Single(basket.Items).ProductId);
        basket = await guest.DeleteAsync("/api/basket").ReadAsync<BasketView>();
        Assert.Empty(basket.Items);
        Assert.Equal(0, basket.Total.Amount);
    }

    [Fact]
    public async Task A_price_that_changes_changes_in_the_basket()
    {
        var product = await _shop.NewProductAsync(price: 100);
        var guest = _shop.Guest();
        await PutAsync(guest, product.Id, 1);
        var staff = await _shop.StaffAsync();

        await staff.PutAsync(
            $"/api/catalog/products/{product.Id}",
            new { name = product.Name, category = product.Category, price = new Money(180, "USD") },
            ("If-Match", "*")).ExpectAsync(System.Net.HttpStatusCode.OK);

        await Eventually.Async(
            () => guest.GetAsync("/api/basket").ReadAsync<BasketView>(), basket => basket.Total.Amount == 180, "the new price in the basket");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(100)]
    public Task A_quantity_outside_1_to_99_is_400(int quantity) =>
        _shop.Guest().PutAsync("/api/basket/items/skillet-01", new { quantity }).ProblemAsync(400, "quantity");

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"quantity\":\"two\"}")]
    [InlineData("{\"quantity\":1.5}")]
    [InlineData("{\"quantity\":")]
    public Task A_body_without_a_quantity_is_400(string body) =>
        _shop.Guest().PutAsync("/api/basket/items/skillet-01", Answers.Text(body)).ProblemAsync(400);

    [Fact]
    public Task An_unknown_product_is_404() => _shop.Guest().PutAsync("/api/basket/items/no-such-thing", new { quantity = 1 }).ProblemAsync(404);

    [Fact]
    public async Task Nobody_in_particular_has_no_basket()
    {
        await _shop.Anonymous.GetAsync("/api/basket").ProblemAsync(400);
        await _shop.Guest("not-a-uuid").GetAsync("/api/basket").ProblemAsync(400);
        await _shop.Bearer("expired").GetAsync("/api/basket").ProblemAsync(401);
    }

    [Fact]
    public async Task At_sign_in_the_guests_basket_is_folded_into_the_members_once()
    {
        var (one, two) = (await _shop.NewProductAsync(), await _shop.NewProductAsync());
        var basketId = Guid.NewGuid().ToString();
        var guest = _shop.Guest(basketId);
        await PutAsync(guest, one.Id, 2);
        await PutAsync(guest, two.Id, 1);
        var member = await _shop.NewMemberAsync();
        await PutAsync(member, two.Id, 4);

        var merged = await member.PostAsync("/api/basket/merge", new { basketId }).ReadAsync<BasketView>();

        Assert.Equal([(one.Id, 2), (two.Id, 5)], Lines(merged));
        Assert.Empty((await guest.GetAsync("/api/basket").ReadAsync<BasketView>()).Items);
        Assert.Equal(Lines(merged), Lines(await member.PostAsync("/api/basket/merge", new { basketId }).ReadAsync<BasketView>()));
        await member.PostAsync("/api/basket/merge", new { basketId = "not-a-uuid" }).ProblemAsync(400, "basketId");

        (string, int)[] Lines(BasketView basket) =>
            [.. basket.Items.Select(item => (item.ProductId, item.Quantity)).OrderBy(line => line.ProductId == one.Id ? 0 : 1)];
    }

    [Fact]
    public async Task Members_see_their_own_baskets_only()
    {
        var (one, other) = (await _shop.NewMemberAsync(), await _shop.NewMemberAsync());

        await PutAsync(one, "skillet-01", 1);

        Assert.Empty((await other.GetAsync("/api/basket").ReadAsync<BasketView>()).Items);
    }

    [Fact]
    public async Task Many_changes_at_once_are_all_there()
    {
        var guest = _shop.Guest();
        var products = (await _shop.Anonymous.GetAsync("/api/catalog/products?pageSize=8").ReadAsync<Page<ProductDoc>>()).Items;

        await Task.WhenAll(products.Select(product => PutAsync(guest, product.Id, 1)));

        Assert.Equal(8, (await guest.GetAsync("/api/basket").ReadAsync<BasketView>()).Items.Count);
    }

    private static Task<BasketView> PutAsync(ShopClient client, string productId, int quantity) =>
        client.PutAsync($"/api/basket/items/{productId}", new { quantity }).ReadAsync<BasketView>();
}
