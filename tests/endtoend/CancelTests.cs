using System.Net;

namespace DaprShop.EndToEnd.Tests;

public sealed class CancelTests(SharedShop shared)
{
    private readonly Shop _shop = shared.Shop;

    [Fact]
    public async Task A_confirmed_order_can_be_cancelled_and_everything_is_given_back()
    {
        var product = await _shop.NewProductAsync(stock: 5);
        var member = await _shop.SomeoneAsync();
        var order = await member.OrderAsync(product.Id, quantity: 2);

        await member.PostAsync($"/api/orders/{order.Id}/cancel").ExpectAsync(HttpStatusCode.Accepted);

        await member.UntilAsync(order.Id, "cancelled");
        var payment = await member.PaymentOfAsync(order.Id);
        Assert.Equal(("refunded", order.Total.Amount, order.Total.Amount), (payment.Status, payment.Captured, payment.Refunded));
        Assert.Equal("cancelled", (await member.GetAsync($"/api/shipments/{order.Id}").ReadAsync<ShipmentDoc>()).Status);
        await _shop.UntilStockAsync(product.Id, onHand: 5, reserved: 0);
    }

    [Fact]
    public async Task An_order_can_be_cancelled_while_it_is_being_paid()
    {
        var product = await _shop.NewProductAsync(stock: 5);
        var member = await _shop.SomeoneAsync();
        var order = await member.SubmitAsync(product.Id, token: "tok_slow");
        // On a slow machine it may be paid by then, which comes to the same.
        await Eventually.Async(() => member.OrderOfAsync(order.Id), seen => seen.Status != "submitted", "the payment to begin");

        await member.PostAsync($"/api/orders/{order.Id}/cancel").ExpectAsync(HttpStatusCode.Accepted);

        await member.UntilAsync(order.Id, "cancelled");
        var payment = await member.PaymentOfAsync(order.Id);
        Assert.Equal(payment.Captured, payment.Refunded);
        Assert.NotEqual("authorized", payment.Status);
        await _shop.UntilStockAsync(product.Id, onHand: 5, reserved: 0);
    }

    [Fact]
    public async Task An_order_that_has_left_cannot_be_cancelled_and_arrives()
    {
        var product = await _shop.NewProductAsync(stock: 5);
        var member = await _shop.SomeoneAsync();
        var order = await member.OrderAsync(product.Id);
        var staff = await _shop.StaffAsync();

        // Staff may hurry the parcel; it would leave by itself, only later.
        await Eventually.Async(
            () => staff.PostAsync($"/api/shipments/{order.Id}/dispatch").ReadAsync<ShipmentDoc>(), _ => true, "the parcel to leave");
        await member.UntilAsync(order.Id, "shipped");

        await member.PostAsync($"/api/orders/{order.Id}/cancel").ProblemAsync(409);
        await staff.PostAsync($"/api/shipments/{order.Id}/deliver").ExpectAsync(HttpStatusCode.OK);
        await member.UntilAsync(order.Id, "delivered");
        Assert.Equal("delivered", (await member.GetAsync($"/api/shipments/{order.Id}").ReadAsync<ShipmentDoc>()).Status);
        Assert.Equal("delivered", (await member.StreamAsync(order.Id))[^1].Status);
        await _shop.UntilStockAsync(product.Id, onHand: 4, reserved: 0);
    }

    [Fact]
    public async Task A_rejected_order_cannot_be_cancelled()
    {
        var product = await _shop.NewProductAsync();
        var member = await _shop.SomeoneAsync();
        var order = await member.OrderAsync(product.Id, token: "tok_declined");

        await member.PostAsync($"/api/orders/{order.Id}/cancel").ProblemAsync(409);
    }

    [Fact]
    public async Task Cancelling_twice_is_cancelling_once()
    {
        var product = await _shop.NewProductAsync(stock: 5);
        var member = await _shop.SomeoneAsync();
        var order = await member.OrderAsync(product.Id);

        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => member.PostAsync($"/api/orders/{order.Id}/cancel")));

        Assert.Contains(answers, answer => answer.StatusCode == HttpStatusCode.Accepted);
        Assert.All(answers, answer => Assert.True(answer.StatusCode is HttpStatusCode.Accepted or HttpStatusCode.Conflict));
        await member.UntilAsync(order.Id, "cancelled");
        Assert.Equal(order.Total.Amount, (await member.PaymentOfAsync(order.Id)).Refunded);
        await _shop.UntilStockAsync(product.Id, onHand: 5, reserved: 0);
    }
}
