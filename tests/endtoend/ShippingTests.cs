using DaprShop.Contracts;

namespace DaprShop.EndToEnd.Tests;

public sealed class ShippingTests(SharedShop shared)
{
    private readonly Shop _shop = shared.Shop;

    [Fact]
    public async Task Rates_name_methods_and_prices()
    {
        var rates = await RatesAsync("country=US&weight=1200");

        Assert.Equal(["express", "standard"], rates.Items.Select(rate => rate.Method).Order());
        Assert.All(rates.Items, rate => Assert.True(rate.Price.Amount > 0));
    }

    [Fact]
    public async Task What_an_order_pays_for_shipping_is_the_rate()
    {
        var product = await _shop.NewProductAsync();
        var order = await (await _shop.SomeoneAsync()).SubmitAsync(product.Id, quantity: 2);

        var rates = await RatesAsync("country=US&weight=1800");

        Assert.Equal(order.ShippingCost, rates.Items.Single(rate => rate.Method == "standard").Price);
    }

    [Theory]
    [InlineData("weight=100", "country")]
    [InlineData("country=Atlantis&weight=100", "country")]
    [InlineData("country=US", "weight")]
    [InlineData("country=US&weight=0", "weight")]
    [InlineData("country=US&weight=-5", "weight")]
    public Task A_wrong_question_is_400(string query, string field) =>
        _shop.Anonymous.GetAsync($"/api/shipping/rates?{query}").ProblemAsync(400, field);

    [Fact]
    public Task A_weight_that_is_no_number_is_400() => _shop.Anonymous.GetAsync("/api/shipping/rates?country=US&weight=heavy").ProblemAsync(400);

    [Fact]
    public async Task Where_nobody_delivers_no_order_goes()
    {
        Assert.Empty((await RatesAsync("country=AQ&weight=100")).Items);
        var member = await _shop.SomeoneAsync();

        await member.PostAsync(
            "/api/orders",
            new
            {
                items = new[] { new { productId = "skillet-01", quantity = 1 } },
                shippingAddress = Checkout.Address with { Country = "AQ" },
                shippingMethod = "standard",
                paymentToken = "tok_ok",
            },
            Checkout.Key()).ProblemAsync(400);
    }

    private Task<ShippingRates> RatesAsync(string query) => _shop.Anonymous.GetAsync($"/api/shipping/rates?{query}").ReadAsync<ShippingRates>();
}
