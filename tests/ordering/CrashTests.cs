using System.Net;
using System.Net.Http.Json;
using DaprShop.Testing;

namespace DaprShop.Ordering.Tests;

/// <summary>What becomes of an order when ordering, or a peer, goes away half-way. In a shop of its own, since others would notice.</summary>
public class CrashTests(CrashTests.OwnShop own) : IClassFixture<CrashTests.OwnShop>
{
    public sealed class OwnShop : IAsyncLifetime
    {
        public OrderingShop Shop { get; } = new();

        public ValueTask InitializeAsync() => Shop.InitializeAsync();

        public ValueTask DisposeAsync() => Shop.DisposeAsync();
    }

    private OrderingShop Shop => own.Shop;

    [Theory]
    [InlineData("authorize")]
    [InlineData("ship")]
    public async Task An_order_survives_a_restart_between_its_steps(string step)
    {
        var ann = Shop.NewMember();
        var gate = Shop.Peers.Hold(step, ann.Id);
        var order = await Member.Read<OrderView>(await ann.Post(Member.Order()));
        await ann.Becomes(order.Id, step == "ship" ? OrderStatus.PaymentAuthorized : OrderStatus.StockReserved);

        await Shop.Host.RestartAsync("ordering");
        gate.SetResult();

        await ann.Becomes(order.Id, OrderStatus.Confirmed);
        Assert.Equal(1, Shop.Peers.Of(order.Id).Captures);
        await Shop.Eventually(() => Shop.Peers.Told.Any(told => told.OrderId == order.Id && told.Status == "confirmed"), "orders.confirmed");
    }

    [Fact]
    public async Task An_order_saved_but_never_told_of_is_told_and_driven_by_its_reminder()
    {
        // The actor alone, as if the process had died right after the save.
        var (orderId, memberId) = (Guid.CreateVersion7().ToString(), Guid.CreateVersion7().ToString());
        var submission = new Submission(Some.Details(memberId), Some.Address, "tok_ok");
        var response = await Shop.Host.DaprHttp("ordering").PutAsJsonAsync(
            $"v1.0/actors/{OrderActor.TypeName}/{orderId}/method/{nameof(IOrderActor.Submit)}", submission, OrderingShop.Json);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);

        await Shop.Eventually(() => Shop.Peers.Told.Any(told => told.EventId == $"order-{orderId}-1"), "orders.submitted");
        await Shop.Eventually(() => Shop.Peers.Told.Any(told => told.EventId == $"order-{orderId}-7"), "orders.confirmed");
        await ShopHost.EventuallyAsync(async () =>
        {
            var view = await Member.Read<OrderView>(await Shop.Staff().GetAsync($"/api/orders/{orderId}"));
            return (view.Status, view.MemberId) == (OrderStatus.Confirmed, memberId);
        }, "the order to be shown as confirmed");
    }

    [Fact]
    public async Task What_another_host_of_the_actor_wrote_is_not_undone()
    {
        var ann = Shop.NewMember();
        var order = await ann.Place();
        var dapr = Shop.Host.DaprHttp("ordering");
        var actor = $"v1.0/actors/{OrderActor.TypeName}/{order.Id}";

        // The sidecar alone died: the actor went to another replica, which noted a dispatch, and came back to an app that still has it in memory.
        var file = (await dapr.GetFromJsonAsync<OrderFile>($"{actor}/state/order", OrderingShop.Json))!;
        var elsewhere = file.Learn(order.Id, [new OrderEvent(OrderEventType.Shipped, DateTimeOffset.UtcNow)]);
        object[] written = [new { operation = "upsert", request = new { key = "order", value = elsewhere } }];
        (await dapr.PostAsJsonAsync($"{actor}/state", written, OrderingShop.Json)).EnsureSuccessStatusCode();

        Assert.Equal(HttpStatusCode.Conflict, (await ann.Cancel(order.Id)).StatusCode);
        Assert.Contains((await dapr.GetFromJsonAsync<OrderFile>($"{actor}/state/order", OrderingShop.Json))!.Events,
            happened => happened.Type == OrderEventType.Shipped);
    }

    [Fact]
    public async Task A_request_that_was_cut_off_is_finished_by_the_same_request_again()
    {
        var ann = Shop.NewMember();
        Shop.Peers.IsCatalogAway = true;
        var refused = await ann.Post(Member.Order(), "again");
        await CheckoutTests.IsProblem(refused, HttpStatusCode.ServiceUnavailable);
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.Equal(0, (await CheckoutTests.List(ann.Http)).Total);

        Shop.Peers.IsCatalogAway = false;
        Assert.Equal(OrderStatus.Confirmed, (await Member.Read<OrderView>(await ann.Post(Member.Order(), "again", wait: 20))).Status);
    }

    [Fact]
    public async Task A_repeated_request_is_answered_though_the_catalogue_is_away()
    {
        var ann = Shop.NewMember();
        var first = await Member.Read<OrderView>(await ann.Post(Member.Order(), "same"));
        Shop.Peers.IsCatalogAway = true;
        try
        {
            Assert.Equal(first.Id, (await Member.Read<OrderView>(await ann.Post(Member.Order(), "same"))).Id);
        }
        finally
        {
            Shop.Peers.IsCatalogAway = false;
        }
    }

    [Fact]
    public async Task Undoing_goes_on_until_the_peer_is_back()
    {
        var ann = Shop.NewMember();
        var order = await ann.Place();
        var gate = Shop.Peers.Hold("reverse", order.Id);
        Assert.Equal(HttpStatusCode.Accepted, (await ann.Cancel(order.Id)).StatusCode);
        await Shop.Eventually(() => Shop.Peers.Of(order.Id).Shipment == "cancelled", "the shipment to be cancelled");
        await Shop.Host.RestartAsync("ordering");
        Assert.Equal(OrderStatus.Cancelling, (await ann.Get(order.Id)).Status);

        gate.SetResult();

        await ann.Becomes(order.Id, OrderStatus.Cancelled);
        Assert.Equal(("released", "refunded"), (Shop.Peers.Of(order.Id).Stock, Shop.Peers.Of(order.Id).Payment));
    }

    [Fact]
    public async Task Lists_are_the_same_after_a_restart()
    {
        var ann = Shop.NewMember();
        var order = await ann.Place();
        var before = await CheckoutTests.List(Shop.Staff(), "?all=true&pageSize=100");

        await Shop.Host.RestartAsync("ordering");

        var after = await CheckoutTests.List(Shop.Staff(), "?all=true&pageSize=100");
        Assert.Equal(before.Items.Select(item => item.Id), after.Items.Select(item => item.Id));
        Assert.Equal(order.Id, Assert.Single((await CheckoutTests.List(ann.Http, "?status=confirmed")).Items).Id);
        await ShopHost.EventuallyAsync(async () => (await ann.Get(order.Id)).Version == order.Version);
    }
}
