using System.Net;
using System.Text.Json;
using DaprShop.Contracts;

namespace DaprShop.EndToEnd.Tests;

/// <summary>Placing and reading orders.</summary>
public sealed class OrderTests(SharedShop shared)
{
    private readonly Shop _shop = shared.Shop;

    [Fact]
    public async Task An_order_is_accepted_at_once_and_then_confirmed_paid_and_sent()
    {
        var product = await _shop.NewProductAsync(stock: 10, price: 1500);
        var member = await _shop.SomeoneAsync();

        using var accepted = await member.PostAsync("/api/orders", Checkout.Of(product.Id, 2), Checkout.Key());
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        var order = JsonSerializer.Deserialize<Order>(await accepted.Content.ReadAsStringAsync(), JsonSerializerOptions.Web)!;
        Assert.Equal($"/api/orders/{order.Id}", accepted.Headers.Location!.ToString());

        order = await member.UntilAsync(order.Id, "confirmed");
        Assert.Equal(new OrderItem(product.Id, product.Name, new Money(1500, "USD"), 2), Assert.Single(order.Items));
        Assert.Equal(3000, order.Subtotal.Amount);
        Assert.True(order.ShippingCost.Amount > 0);
        Assert.Equal(order.Subtotal.Amount + order.ShippingCost.Amount, order.Total.Amount);
        Assert.Equal(Checkout.Address, order.ShippingAddress);
        Assert.Null(order.Reason);

        var payment = await member.PaymentOfAsync(order.Id);
        Assert.Equal(("captured", order.Total.Amount, 0L), (payment.Status, payment.Captured, payment.Refunded));
        var shipment = await member.GetAsync($"/api/shipments/{order.Id}").ReadAsync<ShipmentDoc>();
        Assert.NotEmpty(shipment.TrackingNumber);
        Assert.NotEqual(0, shipment.Events.GetArrayLength());
        await _shop.UntilStockAsync(product.Id, onHand: 8, reserved: 0);
    }

    [Fact]
    public async Task Prefer_wait_answers_the_order_at_rest()
    {
        var product = await _shop.NewProductAsync();
        var member = await _shop.SomeoneAsync();

        Assert.Equal("confirmed", (await member.OrderAsync(product.Id)).Status);
        Assert.Equal("rejected", (await member.OrderAsync(product.Id, token: "tok_declined")).Status);
    }

    [Fact]
    public async Task Prefer_wait_answers_200_with_the_order_as_it_is_when_the_time_is_over()
    {
        var product = await _shop.NewProductAsync();
        var member = await _shop.SomeoneAsync();

        var stuck = await member.OrderAsync(product.Id, token: "tok_timeout", wait: 1);
        var slow = await member.OrderAsync(product.Id, token: "tok_slow", wait: 1);

        Assert.Contains(stuck.Status, new[] { "submitted", "stockReserved" });
        await member.UntilAsync(slow.Id, "confirmed");
    }

    [Fact]
    public async Task Prices_come_from_the_shop_and_not_from_the_client()
    {
        var product = await _shop.NewProductAsync(price: 9900);
        var member = await _shop.SomeoneAsync();

        var order = await member.PostAsync(
            "/api/orders",
            new
            {
                items = new[] { new { productId = product.Id, quantity = 1, unitPrice = new Money(1, "USD"), price = 1 } },
                total = new Money(1, "USD"),
                shippingCost = new Money(0, "USD"),
                shippingAddress = Checkout.Address,
                shippingMethod = "standard",
                paymentToken = "tok_ok",
            },
            Checkout.Key()).ReadAsync<Order>(HttpStatusCode.Accepted);

        Assert.Equal(9900, order.Subtotal.Amount);
        Assert.True(order.ShippingCost.Amount > 0);
    }

    [Fact]
    public async Task An_order_of_the_basket_empties_it_of_what_was_ordered()
    {
        var product = await _shop.NewProductAsync();
        var member = await _shop.NewMemberAsync();
        await member.PutAsync($"/api/basket/items/{product.Id}", new { quantity = 3 }).ExpectAsync(HttpStatusCode.OK);

        var order = await member.PostAsync("/api/orders", Checkout.OfBasket(), Checkout.Key(), ("Prefer", "wait=30")).ReadAsync<Order>();

        Assert.Equal(("confirmed", 3), (order.Status, Assert.Single(order.Items).Quantity));
        await Eventually.Async(() => member.GetAsync("/api/basket").ReadAsync<BasketView>(), basket => basket.Items.Count == 0, "an empty basket");
        await member.PostAsync("/api/orders", Checkout.OfBasket(), Checkout.Key()).ProblemAsync(400);
    }

    [Fact]
    public async Task A_rejected_order_goes_back_into_the_basket_with_one_call()
    {
        var product = await _shop.NewProductAsync();
        var member = await _shop.NewMemberAsync();
        await member.PutAsync($"/api/basket/items/{product.Id}", new { quantity = 2 }).ExpectAsync(HttpStatusCode.OK);
        var order = await member.PostAsync("/api/orders", Checkout.OfBasket("tok_declined"), Checkout.Key(), ("Prefer", "wait=30")).ReadAsync<Order>();
        Assert.Equal("rejected", order.Status);
        await Eventually.Async(() => member.GetAsync("/api/basket").ReadAsync<BasketView>(), basket => basket.Items.Count == 0, "an empty basket");

        var basket = await member.PostAsync($"/api/orders/{order.Id}/reorder").ReadAsync<BasketView>();

        var line = Assert.Single(basket.Items);
        Assert.Equal((product.Id, 2), (line.ProductId, line.Quantity));
    }

    [Fact]
    public async Task The_same_key_and_body_is_the_same_order()
    {
        var product = await _shop.NewProductAsync(stock: 10);
        var member = await _shop.SomeoneAsync();
        var key = Checkout.Key();

        var first = await member.PostAsync("/api/orders", Checkout.Of(product.Id), key, ("Prefer", "wait=30")).ReadAsync<Order>();
        var again = await member.PostAsync("/api/orders", Checkout.Of(product.Id), key).ReadAsync<Order>(HttpStatusCode.Accepted);

        Assert.Equal(first.Id, again.Id);
        await member.PostAsync("/api/orders", Checkout.Of(product.Id, 2), key).ProblemAsync(422);
        await _shop.UntilStockAsync(product.Id, onHand: 9, reserved: 0);
    }

    [Fact]
    public async Task The_same_order_sent_many_times_at_once_is_one_order()
    {
        var product = await _shop.NewProductAsync(stock: 10);
        var member = await _shop.NewMemberAsync();
        var key = Checkout.Key();

        var orders = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ =>
            member.PostAsync("/api/orders", Checkout.Of(product.Id), key).ReadAsync<Order>(HttpStatusCode.Accepted)));

        var id = Assert.Single(orders.Select(order => order.Id).Distinct());
        await member.UntilAsync(id, "confirmed");
        Assert.Equal(1, (await member.GetAsync("/api/orders").ReadAsync<Page<Order>>()).Total);
        await _shop.UntilStockAsync(product.Id, onHand: 9, reserved: 0);
    }

    [Fact]
    public async Task The_key_of_one_member_is_nothing_to_another()
    {
        var product = await _shop.NewProductAsync();
        var (one, other) = (await _shop.SomeoneAsync(), await _shop.NewMemberAsync());
        var key = Checkout.Key();

        var first = await one.PostAsync("/api/orders", Checkout.Of(product.Id), key).ReadAsync<Order>(HttpStatusCode.Accepted);
        var second = await other.PostAsync("/api/orders", Checkout.Of(product.Id, 2), key).ReadAsync<Order>(HttpStatusCode.Accepted);

        Assert.NotEqual(first.Id, second.Id);
    }

    public static TheoryData<string, string, string> WrongOrders => new()
    {
        { "no items", """{"shippingAddress":ADDRESS,"shippingMethod":"standard","paymentToken":"tok_ok"}""", "items" },
        { "empty items", """{"items":[],"shippingAddress":ADDRESS,"shippingMethod":"standard","paymentToken":"tok_ok"}""", "items" },
        { "no quantity", """{"items":[{"productId":"skillet-01"}],"shippingAddress":ADDRESS,"shippingMethod":"standard","paymentToken":"tok_ok"}""", "items[0].quantity" },
        { "negative quantity", """{"items":[{"productId":"skillet-01","quantity":-1}],"shippingAddress":ADDRESS,"shippingMethod":"standard","paymentToken":"tok_ok"}""", "items[0].quantity" },
        { "no address", """{"items":[{"productId":"skillet-01","quantity":1}],"shippingMethod":"standard","paymentToken":"tok_ok"}""", "shippingAddress" },
        { "no city", """{"items":[{"productId":"skillet-01","quantity":1}],"shippingAddress":{"recipient":"A","line1":"1","postalCode":"1","country":"US"},"shippingMethod":"standard","paymentToken":"tok_ok"}""", "shippingAddress.city" },
        { "unknown method", """{"items":[{"productId":"skillet-01","quantity":1}],"shippingAddress":ADDRESS,"shippingMethod":"pigeon","paymentToken":"tok_ok"}""", "shippingMethod" },
        { "no token", """{"items":[{"productId":"skillet-01","quantity":1}],"shippingAddress":ADDRESS,"shippingMethod":"standard"}""", "paymentToken" },
        { "card number", """{"items":[{"productId":"skillet-01","quantity":1}],"shippingAddress":ADDRESS,"shippingMethod":"standard","paymentToken":"4111111111111111"}""", "paymentToken" },
    };

    [Theory]
    [MemberData(nameof(WrongOrders))]
    public async Task A_wrong_order_is_400_and_names_the_field(string what, string body, string field)
    {
        Assert.NotEmpty(what);
        var member = await _shop.SomeoneAsync();
        var address = JsonSerializer.Serialize(Checkout.Address, JsonSerializerOptions.Web);

        await member.PostAsync("/api/orders", Answers.Text(body.Replace("ADDRESS", address)), Checkout.Key()).ProblemAsync(400, field);
    }

    [Fact]
    public async Task What_is_no_order_at_all_is_refused()
    {
        var member = await _shop.SomeoneAsync();
        var order = Checkout.Of("skillet-01");

        await member.PostAsync("/api/orders", order).ProblemAsync(400);
        await member.PostAsync("/api/orders", order, Checkout.Key(new string('k', 1000))).ProblemAsync(400);
        await member.PostAsync("/api/orders", Answers.Text("{\"items\":"), Checkout.Key()).ProblemAsync(400);
        await member.PostAsync("/api/orders", Answers.Text("items=1", "text/plain"), Checkout.Key()).ProblemAsync(415);
        await member.PostAsync("/api/orders", Answers.Text(new string(' ', 1024 * 1024 + 1)), Checkout.Key()).ProblemAsync(413);
        await member.PostAsync("/api/orders", Checkout.Of("no-such-thing"), Checkout.Key()).ProblemAsync(400);
    }

    [Fact]
    public async Task Orders_are_listed_newest_first_in_pages_and_by_status()
    {
        var product = await _shop.NewProductAsync();
        var member = await _shop.NewMemberAsync();
        var first = await member.OrderAsync(product.Id);
        var second = await member.OrderAsync(product.Id, token: "tok_declined");
        var third = await member.OrderAsync(product.Id);

        var all = await member.GetAsync("/api/orders").ReadAsync<Page<Order>>();
        Assert.Equal([third.Id, second.Id, first.Id], all.Items.Select(order => order.Id));
        var page = await member.GetAsync("/api/orders?page=2&pageSize=2").ReadAsync<Page<Order>>();
        Assert.Equal((first.Id, 3L, 2, 2), (Assert.Single(page.Items).Id, page.Total, page.PageNumber, page.PageSize));
        await Eventually.Async(
            () => member.GetAsync("/api/orders?status=rejected").ReadAsync<Page<Order>>(),
            rejected => rejected.Items.Select(order => order.Id).SequenceEqual([second.Id]),
            "the rejected order among the rejected");
        await member.GetAsync("/api/orders?status=lost").ProblemAsync(400, "status");
        await member.GetAsync("/api/orders?pageSize=101").ProblemAsync(400, "pageSize");
        await member.GetAsync("/api/orders?page=0").ProblemAsync(400, "page");
    }

    [Fact]
    public async Task Someone_elses_order_does_not_exist()
    {
        var product = await _shop.NewProductAsync();
        var (owner, other) = (await _shop.SomeoneAsync(), await _shop.NewMemberAsync());
        var order = await owner.OrderAsync(product.Id);

        foreach (var path in new[] { $"/api/orders/{order.Id}", $"/api/orders/{order.Id}/history", $"/api/orders/{order.Id}/stream", $"/api/payments/{order.Id}", $"/api/shipments/{order.Id}" })
            await other.GetAsync(path).ProblemAsync(404);
        await other.PostAsync($"/api/orders/{order.Id}/cancel").ProblemAsync(404);
        await other.PostAsync($"/api/orders/{order.Id}/reorder").ProblemAsync(404);
        Assert.Empty((await other.GetAsync("/api/orders").ReadAsync<Page<Order>>()).Items);
        await other.GetAsync("/api/orders?all=true").ProblemAsync(403);
        Assert.Equal("confirmed", (await owner.OrderOfAsync(order.Id)).Status);
    }

    [Theory]
    [InlineData("/api/orders/01890a5d-ac96-774b-bcce-b302099a8057")]
    [InlineData("/api/orders/not-an-id")]
    [InlineData("/api/orders/01890a5d-ac96-774b-bcce-b302099a8057/history")]
    [InlineData("/api/orders/01890a5d-ac96-774b-bcce-b302099a8057/stream")]
    [InlineData("/api/payments/01890a5d-ac96-774b-bcce-b302099a8057")]
    [InlineData("/api/payments/not-an-id")]
    [InlineData("/api/shipments/01890a5d-ac96-774b-bcce-b302099a8057")]
    [InlineData("/api/shipments/not-an-id")]
    public async Task An_order_that_never_was_is_404(string path) => await (await _shop.SomeoneAsync()).GetAsync(path).ProblemAsync(404);

    [Fact]
    public async Task Staff_see_every_order()
    {
        var product = await _shop.NewProductAsync();
        var member = await _shop.SomeoneAsync();
        var order = await member.OrderAsync(product.Id);
        var staff = await _shop.StaffAsync();

        await Eventually.Async(
            () => staff.GetAsync("/api/orders?all=true&pageSize=100").ReadAsync<Page<Order>>(),
            page => page.Items.Any(item => item.Id == order.Id),
            "the order among all orders");
        Assert.Equal(order.Id, (await staff.OrderOfAsync(order.Id)).Id);
        Assert.Equal(order.Total.Amount, (await staff.PaymentOfAsync(order.Id)).Captured);
        await staff.GetAsync($"/api/orders/{order.Id}/history").ExpectAsync(HttpStatusCode.OK);
    }

    [Fact]
    public async Task The_history_tells_each_step_in_order()
    {
        var product = await _shop.NewProductAsync();
        var member = await _shop.SomeoneAsync();
        var order = await member.OrderAsync(product.Id);

        var history = await member.GetAsync($"/api/orders/{order.Id}/history").ReadAsync<JsonElement>();

        var statuses = history.GetProperty("items").EnumerateArray().Select(entry => entry.GetProperty("status").GetString()).Distinct();
        Assert.Equal(["submitted", "stockReserved", "paymentAuthorized", "shipmentCreated", "confirmed"], statuses.Take(5));
    }

    [Fact]
    public async Task The_stream_tells_each_change_as_it_comes_and_ends_with_the_order()
    {
        var product = await _shop.NewProductAsync();
        var member = await _shop.SomeoneAsync();
        var (order, told) = await FollowAsync();
        // A slow machine may come too late to see more than the end.
        for (var times = 1; told.Count == 1 && times < 5; times++) (order, told) = await FollowAsync();

        Assert.All(told, change => Assert.Equal(order.Id, change.Id));
        Assert.Equal(told.Select(change => change.Version).Order(), told.Select(change => change.Version));
        Assert.NotEqual("confirmed", told[0].Status);
        Assert.Equal("confirmed", told[^1].Status);

        var rejected = await member.OrderAsync(product.Id, token: "tok_declined");
        Assert.Equal("rejected", Assert.Single(await member.StreamAsync(rejected.Id)).Status);

        async Task<(Order Order, IReadOnlyList<Order> Told)> FollowAsync()
        {
            var submitted = await member.SubmitAsync(product.Id, token: "tok_slow");
            return (submitted, await member.StreamAsync(submitted.Id, until: change => change.Status == "confirmed"));
        }
    }
}
