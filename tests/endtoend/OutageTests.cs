using System.Net;
using System.Text.Json;
using DaprShop.Contracts;

namespace DaprShop.EndToEnd.Tests;

/// <summary>Services that go away and come back, and a shop that is shut and opened again. Each test leaves all services running.</summary>
public sealed class OutageTests(OutageTests.Fixture fixture) : IClassFixture<OutageTests.Fixture>
{
    /// <summary>A shop of these tests' own, so that nobody else misses what they stop.</summary>
    public sealed class Fixture : IAsyncDisposable
    {
        private Task<LocalShop>? _shop;

        public Task<LocalShop> ShopAsync()
        {
            SharedShop.RequireOwn();
            // Whatever the machine is busy with: a service that comes back comes in time.
            return _shop ??= LocalShop.StartAsync(("Ordering__StepBudget", "00:05:00"));
        }

        public async ValueTask DisposeAsync()
        {
            if (_shop is not null) await (await _shop).DisposeAsync();
        }
    }

    [Fact]
    public async Task A_service_that_is_away_is_503_until_it_is_back_and_the_others_serve()
    {
        var local = await fixture.ShopAsync();
        var guest = local.Shop.Guest();
        await local.StopAsync("basket");

        await guest.GetAsync("/api/basket").ProblemAsync(503);
        await guest.PutAsync("/api/basket/items/skillet-01", new { quantity = 1 }).ProblemAsync(503);
        // What is known of the services may be a second old; and who does not answer at once is taken to be away.
        var health = await Eventually.Async(
            () => local.Shop.Anonymous.GetAsync("/health").ReadAsync<JsonElement>(HttpStatusCode.ServiceUnavailable),
            health => health.GetProperty("services").EnumerateObject().All(
                service => service.Value.GetString() == (service.Name == "basket" ? "down" : "up")),
            "the outage");
        Assert.Equal("down", health.GetProperty("status").GetString());
        await local.Shop.Anonymous.GetAsync("/api/catalog/products").ExpectAsync(HttpStatusCode.OK);

        await local.StartAsync("basket");
        await guest.PutAsync("/api/basket/items/skillet-01", new { quantity = 1 }).ExpectAsync(HttpStatusCode.OK);
        await Eventually.Async(() => local.Shop.Anonymous.GetAsync("/health").ReadAsync<JsonElement>(), _ => true, "all services up");
    }

    [Fact]
    public async Task What_cannot_be_priced_is_503_and_the_same_key_works_later()
    {
        var local = await fixture.ShopAsync();
        var product = await local.Shop.NewProductAsync();
        var member = await local.Shop.SomeoneAsync();
        var key = Checkout.Key();
        await local.StopAsync("catalog");

        await member.PostAsync("/api/orders", Checkout.Of(product.Id), key).ProblemAsync(503);

        await local.StartAsync("catalog");
        var order = await Eventually.Async(
            () => member.PostAsync("/api/orders", Checkout.Of(product.Id), key, ("Prefer", "wait=30")).ReadAsync<Order>(), _ => true, "the order");
        Assert.Equal("confirmed", order.Status);
    }

    [Fact]
    public async Task An_order_accepted_while_payment_is_away_is_paid_when_it_is_back()
    {
        var local = await fixture.ShopAsync();
        var product = await local.Shop.NewProductAsync(stock: 5);
        var member = await local.Shop.SomeoneAsync();
        await local.StopAsync("payment");

        var order = await member.SubmitAsync(product.Id);
        await member.UntilAsync(order.Id, "stockReserved");

        await local.StartAsync("payment");
        await member.UntilAsync(order.Id, "confirmed");
        Assert.Equal(order.Total.Amount, (await member.PaymentOfAsync(order.Id)).Captured);
        await local.Shop.UntilStockAsync(product.Id, onHand: 4, reserved: 0);
    }

    [Fact]
    public async Task Orders_in_flight_when_ordering_goes_away_finish_when_it_is_back()
    {
        var local = await fixture.ShopAsync();
        var product = await local.Shop.NewProductAsync(stock: 10);
        var member = await local.Shop.SomeoneAsync();
        var orders = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => member.SubmitAsync(product.Id, token: "tok_slow")));

        await local.StopAsync("ordering");
        await member.GetAsync($"/api/orders/{orders[0].Id}").ProblemAsync(503);
        await local.StartAsync("ordering");

        foreach (var order in orders)
        {
            await member.UntilAsync(order.Id, "confirmed");
            var payment = await member.PaymentOfAsync(order.Id);
            Assert.Equal((order.Total.Amount, 0L), (payment.Captured, payment.Refunded));
        }
        await local.Shop.UntilStockAsync(product.Id, onHand: 6, reserved: 0);
    }

    [Fact]
    public async Task A_shop_that_is_shut_and_opened_again_finds_everything()
    {
        var local = await fixture.ShopAsync();
        var product = await local.Shop.NewProductAsync(stock: 10);
        var member = await local.Shop.NewMemberAsync();
        var done = await member.OrderAsync(product.Id);
        var open = await member.SubmitAsync(product.Id, token: "tok_slow");
        await member.PutAsync("/api/basket/items/skillet-01", new { quantity = 2 }).ExpectAsync(HttpStatusCode.OK);

        await local.RestartAsync();

        member = local.Shop.Bearer((await local.Shop.SignInAsync(member.Credentials!.Email, Shop.Password)).AccessToken);
        var rested = await Eventually.Async(
            () => member.OrderOfAsync(open.Id), order => order.Status is "confirmed" or "rejected", "the open order to come to rest", 90);
        var captured = (await member.PaymentOfAsync(open.Id)).Captured;
        Assert.Equal(rested.Status == "confirmed" ? rested.Total.Amount : 0, captured);
        var orders = await member.GetAsync("/api/orders").ReadAsync<Page<Order>>();
        Assert.Equal([open.Id, done.Id], orders.Items.Select(order => order.Id));
        Assert.Equal(2, Assert.Single((await member.GetAsync("/api/basket").ReadAsync<BasketView>()).Items).Quantity);
        await local.Shop.UntilStockAsync(product.Id, onHand: rested.Status == "confirmed" ? 8 : 9, reserved: 0);
        var told = await Eventually.Async(
            () => member.GetAsync("/api/notifications").ReadAsync<Page<NotificationDoc>>(), page => page.Total >= 3, "word of both orders");
        Assert.Equal(told.Items.Count, told.Items.Select(item => (item.Kind, item.OrderId)).Distinct().Count());
    }
}
