namespace DaprShop.EndToEnd.Tests;

/// <summary>Every payment token and what comes of it.</summary>
public sealed class PaymentTests(SharedShop shared)
{
    private readonly Shop _shop = shared.Shop;

    [Theory]
    [InlineData("tok_ok")]
    [InlineData("tok_slow")]
    [InlineData("tok_flaky")]
    [InlineData("tok_lost_reply")]
    public async Task A_payment_that_works_in_the_end_is_captured_once(string token)
    {
        var product = await _shop.NewProductAsync(stock: 5);
        var member = await _shop.SomeoneAsync();

        var order = await member.OrderAsync(product.Id, token: token);

        Assert.Equal("confirmed", order.Status);
        var payment = await member.PaymentOfAsync(order.Id);
        Assert.Equal(
            new PaymentDoc(order.Id, "captured", order.Total.Amount, order.Total.Amount, 0, "USD"),
            payment);
        await _shop.UntilStockAsync(product.Id, onHand: 4, reserved: 0);
    }

    [Theory]
    [InlineData("tok_declined")]
    [InlineData("tok_insufficient_funds")]
    [InlineData("tok_unheard_of")]
    public async Task A_payment_that_is_declined_rejects_the_order_and_leaves_nothing_behind(string token)
    {
        var product = await _shop.NewProductAsync(stock: 5);
        var member = await _shop.SomeoneAsync();

        var order = await member.OrderAsync(product.Id, token: token);

        Assert.Equal(("rejected", "paymentDeclined"), (order.Status, order.Reason));
        await AssertNothingLeftAsync(member, order, product.Id, stock: 5);
    }

    [Fact]
    public async Task A_provider_that_never_answers_rejects_the_order_and_leaves_nothing_behind()
    {
        var product = await _shop.NewProductAsync(stock: 5);
        var member = await _shop.SomeoneAsync();

        var order = await member.SubmitAsync(product.Id, token: "tok_timeout");
        order = await member.UntilAsync(order.Id, "rejected", seconds: 150);

        Assert.Equal("paymentUnavailable", order.Reason);
        await AssertNothingLeftAsync(member, order, product.Id, stock: 5);
    }

    [Fact]
    public async Task What_is_out_of_stock_rejects_the_order_whole_and_charges_nothing()
    {
        var (there, scarce) = (await _shop.NewProductAsync(stock: 5), await _shop.NewProductAsync(stock: 1));
        var member = await _shop.SomeoneAsync();

        var order = await member.PostAsync(
            "/api/orders",
            new
            {
                items = new[] { new { productId = there.Id, quantity = 1 }, new { productId = scarce.Id, quantity = 2 } },
                shippingAddress = Checkout.Address,
                shippingMethod = "standard",
                paymentToken = "tok_ok",
            },
            Checkout.Key(), ("Prefer", "wait=30")).ReadAsync<Order>();

        Assert.Equal(("rejected", "outOfStock"), (order.Status, order.Reason));
        await AssertNothingLeftAsync(member, order, there.Id, stock: 5);
        await _shop.UntilStockAsync(scarce.Id, onHand: 1, reserved: 0);
    }

    [Fact]
    public async Task The_last_pieces_are_sold_once_however_many_want_them()
    {
        var product = await _shop.NewProductAsync(stock: 3);
        var member = await _shop.SomeoneAsync();

        var orders = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => member.OrderAsync(product.Id)));

        Assert.Equal(3, orders.Count(order => order.Status == "confirmed"));
        Assert.All(orders.Where(order => order.Status != "confirmed"), order => Assert.Equal("outOfStock", order.Reason));
        await _shop.UntilStockAsync(product.Id, onHand: 0, reserved: 0);
    }

    private async Task AssertNothingLeftAsync(ShopClient member, Order order, string productId, int stock)
    {
        var payment = await member.PaymentOfAsync(order.Id);
        Assert.Equal((0, 0, 0), (payment.Authorized, payment.Captured, payment.Refunded));
        await _shop.UntilStockAsync(productId, onHand: stock, reserved: 0);
    }
}
