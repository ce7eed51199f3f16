using System.Net;
using DaprShop.Contracts;

namespace DaprShop.Ordering.Tests;

public class OrderLifeTests(OrderingShop shop)
{
    [Theory]
    [InlineData("kettle-01", "tok_declined", RejectReason.PaymentDeclined)]
    [InlineData(Peers.SoldOut, "tok_ok", RejectReason.OutOfStock)]
    public async Task A_refused_order_is_rejected_and_holds_nothing(string productId, string token, RejectReason reason)
    {
        var order = await shop.NewMember().Place(Member.Order(productId, token));

        await IsRejected(shop, order, reason);
    }

    internal static async Task IsRejected(OrderingShop shop, OrderView order, RejectReason reason)
    {
        Assert.Equal((OrderStatus.Rejected, reason), (order.Status, order.Reason));
        var books = shop.Peers.Of(order.Id);
        Assert.Equal("released", books.Stock);
        Assert.True(books.Payment is "" or "none" or "voided", books.Payment);
        await shop.Eventually(() => shop.Peers.Told.Any(told => told.OrderId == order.Id && told.Status == "rejected"), "orders.rejected");
        var told = shop.Peers.Told.First(told => told.OrderId == order.Id && told.Status == "rejected");
        Assert.Equal(reason.ToString(), told.Reason, ignoreCase: true);
    }

    [Fact]
    public async Task A_payment_that_fails_twice_succeeds()
    {
        var order = await shop.NewMember().Place(Member.Order(token: "tok_flaky"));

        Assert.Equal(OrderStatus.Confirmed, order.Status);
        Assert.Equal(1, shop.Peers.Of(order.Id).Captures);
    }

    [Fact]
    public async Task A_confirmed_order_can_be_cancelled_and_all_is_undone()
    {
        var ann = shop.NewMember();
        var order = await ann.Place();

        var response = await ann.Cancel(order.Id);
        var again = await ann.Cancel(order.Id);

        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.Accepted), (response.StatusCode, again.StatusCode));
        await ann.Becomes(order.Id, OrderStatus.Cancelled);
        var books = shop.Peers.Of(order.Id);
        Assert.Equal(("released", "refunded", "cancelled"), (books.Stock, books.Payment, books.Shipment));
        Assert.Equal(["cancelShipment", "reverse", "release"], books.Calls.TakeLast(3));
        Assert.Equal(HttpStatusCode.Accepted, (await ann.Cancel(order.Id)).StatusCode);
        Assert.Null((await ann.Get(order.Id)).Reason);
    }

    [Fact]
    public async Task An_order_cancelled_while_payment_is_on_its_way_keeps_no_money()
    {
        var ann = shop.NewMember();
        var gate = shop.Peers.Hold("authorize", ann.Id);
        var order = await Member.Read<OrderView>(await ann.Post(Member.Order()));
        await ann.Becomes(order.Id, OrderStatus.StockReserved);

        Assert.Equal(HttpStatusCode.Accepted, (await ann.Cancel(order.Id)).StatusCode);
        await ann.Becomes(order.Id, OrderStatus.Cancelled);
        gate.SetResult();

        await shop.Eventually(() => shop.Peers.Of(order.Id).Calls.Contains("authorize"), "the late authorisation");
        Assert.Equal(("released", "none"), (shop.Peers.Of(order.Id).Stock, shop.Peers.Of(order.Id).Payment));
        Assert.Equal(OrderStatus.Cancelled, (await ann.Get(order.Id)).Status);
    }

    [Fact]
    public async Task A_parcel_that_has_left_is_not_called_back()
    {
        var ann = shop.NewMember();
        var order = await ann.Place();
        shop.Peers.Of(order.Id).Shipment = "dispatched";

        Assert.Equal(HttpStatusCode.Accepted, (await ann.Cancel(order.Id)).StatusCode);

        await ann.Becomes(order.Id, OrderStatus.Shipped);
        Assert.Equal("captured", shop.Peers.Of(order.Id).Payment);
        await CheckoutTests.IsProblem(await ann.Cancel(order.Id), HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task A_rejected_order_cannot_be_cancelled()
    {
        var ann = shop.NewMember();
        var order = await ann.Place(Member.Order(token: "tok_declined"));

        await CheckoutTests.IsProblem(await ann.Cancel(order.Id), HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task Deliveries_are_noted_however_often_and_in_whatever_order_they_are_told()
    {
        var ann = shop.NewMember();
        var order = await ann.Place();

        await Moved(order.Id, ann.Id, "delivered");
        await ann.Becomes(order.Id, OrderStatus.Delivered);
        await Moved(order.Id, ann.Id, "dispatched");
        await Moved(order.Id, ann.Id, "delivered");
        await Moved(order.Id, ann.Id, "returned");

        var history = await Eventually(ann, order.Id, OrderEventType.Returned);
        Assert.Equal(
            [OrderEventType.Shipped, OrderEventType.Delivered, OrderEventType.Returned], history.Items.TakeLast(3).Select(item => item.Type));
        await shop.Eventually(
            () => shop.Peers.Told.Where(told => told.OrderId == order.Id).Select(told => told.Status).Distinct().Count() == 4, "all events");
    }

    [Fact]
    public async Task A_return_that_is_told_before_the_dispatch_is_noted()
    {
        var ann = shop.NewMember();
        var order = await ann.Place();

        await Moved(order.Id, ann.Id, "returned");
        await ann.Becomes(order.Id, OrderStatus.Shipped);
        await Moved(order.Id, ann.Id, "dispatched");

        await Eventually(ann, order.Id, OrderEventType.Returned);
    }

    [Fact]
    public async Task News_that_make_no_sense_do_not_stop_others()
    {
        var ann = shop.NewMember();
        var order = await ann.Place();

        await Moved("not-an-order", ann.Id, "dispatched");
        await Moved(Guid.NewGuid().ToString(), ann.Id, "dispatched");
        await shop.Host.PublishAsync(Topics.ShippingDispatched, new { nonsense = true });
        await Moved(order.Id, ann.Id, "dispatched");

        await ann.Becomes(order.Id, OrderStatus.Shipped);
    }

    [Fact]
    public async Task History_tells_everything_but_what_is_private()
    {
        var ann = shop.NewMember();
        var order = await ann.Place();

        var text = await ann.Http.GetStringAsync($"/api/orders/{order.Id}/history");

        var history = System.Text.Json.JsonSerializer.Deserialize<OrderHistory>(text, OrderingShop.Json)!;
        Assert.Equal(Enumerable.Range(1, 7), history.Items.Select(item => item.Version));
        Assert.Equal("TRACK-1", history.Items[3].TrackingNumber);
        Assert.DoesNotContain("tok_", text);
        Assert.DoesNotContain("Main St", text);
    }

    [Fact]
    public async Task Lines_go_back_into_the_basket()
    {
        var ann = shop.NewMember();
        var order = await ann.Place(Member.Order(productId: "pan-01", token: "tok_declined"));

        var response = await ann.Http.PostAsync($"/api/orders/{order.Id}/reorder", null);

        Assert.Equal("pan-01", Assert.Single((await Member.Read<BasketView>(response)).Items).ProductId);
        Assert.Contains(shop.Peers.Added, add => add.OperationId.StartsWith($"reorder-{order.Id}-") && add.OrderId == order.Id);
    }

    [Fact]
    public async Task Someone_elses_order_does_not_exist_but_staff_may_read_it()
    {
        var ann = shop.NewMember();
        var order = await ann.Place();
        var bob = shop.NewMember().Http;

        foreach (var path in (string[])["", "/history", "/stream"])
        {
            await CheckoutTests.IsProblem(await bob.GetAsync($"/api/orders/{order.Id}{path}"), HttpStatusCode.NotFound);
            await CheckoutTests.IsProblem(await bob.GetAsync($"/api/orders/{Guid.NewGuid()}{path}"), HttpStatusCode.NotFound);
        }
        foreach (var path in (string[])["cancel", "reorder"])
            await CheckoutTests.IsProblem(await bob.PostAsync($"/api/orders/{order.Id}/{path}", null), HttpStatusCode.NotFound);
        await CheckoutTests.IsProblem(await bob.GetAsync("/api/orders/not-an-id"), HttpStatusCode.NotFound);

        var seen = await Member.Read<OrderView>(await shop.Staff().GetAsync($"/api/orders/{order.Id}"));
        Assert.Equal(ann.Id, seen.MemberId);
        Assert.Equal(HttpStatusCode.OK, (await shop.Staff().GetAsync($"/api/orders/{order.Id}/history")).StatusCode);
    }

    private Task Moved(string orderId, string memberId, string status) => shop.Host.PublishAsync(
        $"shipping.{status}", new ShipmentChanged($"shipment-{orderId}-{status}", Some.Start, orderId, memberId, status, "TRACK-1"));

    private static async Task<OrderHistory> Eventually(Member member, string orderId, OrderEventType type)
    {
        OrderHistory? history = null;
        await Testing.ShopHost.EventuallyAsync(async () =>
        {
            history = await Member.Read<OrderHistory>(await member.Http.GetAsync($"/api/orders/{orderId}/history"));
            return history.Items.Any(item => item.Type == type);
        }, type.ToString());
        return history!;
    }
}
