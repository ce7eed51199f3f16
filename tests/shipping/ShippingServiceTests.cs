using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using DaprShop.Common;
using DaprShop.Contracts;
using DaprShop.Testing;

namespace DaprShop.Shipping.Tests;

/// <summary>The service as the saga, members and staff meet it.</summary>
public class ShippingServiceTests(ShippingShop shop) : IClassFixture<ShippingShop>
{
    [Fact]
    public async Task Rates_are_for_everyone()
    {
        var anyone = shop.Host.Client("shipping");
        var rates = await anyone.GetFromJsonAsync<ShippingRates>("/api/shipping/rates?country=US&weight=1200");
        Assert.Equal(["standard", "express"], rates!.Items.Select(rate => rate.Method));
        Assert.Empty((await anyone.GetFromJsonAsync<ShippingRates>("/api/shipping/rates?country=AQ&weight=1200"))!.Items);
    }

    [Theory]
    [InlineData("")]
    [InlineData("?country=US")]
    [InlineData("?country=US&weight=0")]
    [InlineData("?country=US&weight=100001")]
    [InlineData("?country=USA&weight=1")]
    [InlineData("?country=U1&weight=1")]
    [InlineData("?country=US&weight=heavy")]
    public async Task Malformed_questions_are_400(string query)
    {
        using var response = await shop.Host.Client("shipping").GetAsync("/api/shipping/rates" + query);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task A_confirmed_parcel_is_dispatched_and_delivered_in_its_time()
    {
        var order = ShippingShop.NewOrder();
        var created = await shop.CreateAsync(order);
        Assert.Equal("created", created.Outcome);
        await shop.ConfirmAsync(order);
        await ExpectedAsync(order);
        Assert.DoesNotContain(shop.Heard, heard => heard.OrderId == order);

        shop.Clock.Advance(TimeSpan.FromSeconds(21));
        await shop.HeardAsync(order, "dispatched");
        shop.Clock.Advance(TimeSpan.FromSeconds(21));
        await shop.HeardAsync(order, "delivered");

        var shipment = await GetAsync(order);
        Assert.Equal("delivered", shipment.GetProperty("status").GetString());
        Assert.Equal(created.TrackingNumber, shipment.GetProperty("trackingNumber").GetString());
        Assert.Equal(["created", "dispatched", "delivered"],
            shipment.GetProperty("events").EnumerateArray().Select(happened => happened.GetProperty("status").GetString()));
        Assert.Equal("dispatched", (await shop.CancelAsync(order)).Outcome);
    }

    [Fact]
    public async Task What_the_courier_has_to_do_survives_a_new_life()
    {
        var order = ShippingShop.NewOrder();
        await shop.CreateAsync(order);
        await shop.ConfirmAsync(order);
        await ExpectedAsync(order);
        await shop.Host.RestartAsync("shipping");
        shop.Clock.Advance(TimeSpan.FromSeconds(21));
        await shop.HeardAsync(order, "dispatched");
    }

    [Fact]
    public async Task A_dispatch_that_died_before_it_was_told_is_told()
    {
        var order = ShippingShop.NewOrder();
        await shop.CreateAsync(order);
        await shop.ConfirmAsync(order);
        await ExpectedAsync(order);
        var store = new StateStore(shop.Host.Dapr("shipping"), "shipping-store");
        var saved = await store.GetAsync<Shipment>($"shipment/{order}");
        var dispatched = saved.Value!.Move(ShipmentStatus.Dispatched, shop.Clock.GetUtcNow());
        Assert.True(await store.TrySaveAsync($"shipment/{order}", dispatched, saved.ETag));
        shop.Clock.Advance(TimeSpan.FromSeconds(21));
        await shop.HeardAsync(order, "dispatched");
    }

    [Fact]
    public async Task A_malformed_event_holds_up_no_other()
    {
        var order = ShippingShop.NewOrder();
        await shop.CreateAsync(order);
        await shop.ConfirmAsync("../courier-1");
        await shop.ConfirmAsync(order);
        await ExpectedAsync(order);
    }

    [Fact]
    public async Task A_duplicate_confirmation_moves_nothing_twice()
    {
        var order = ShippingShop.NewOrder();
        await shop.CreateAsync(order);
        await shop.ConfirmAsync(order);
        await ExpectedAsync(order);
        shop.Clock.Advance(TimeSpan.FromSeconds(1));
        await shop.ConfirmAsync(order);
        shop.Clock.Advance(TimeSpan.FromSeconds(21));
        await shop.HeardAsync(order, "dispatched");
        shop.Clock.Advance(TimeSpan.FromSeconds(21));
        await shop.HeardAsync(order, "delivered");
        Assert.Equal(3, (await GetAsync(order)).GetProperty("events").GetArrayLength());
        Assert.Equal(2, shop.Heard.Where(heard => heard.OrderId == order).Distinct().Count());
    }

    [Fact]
    public async Task The_same_parcel_again_is_the_same_parcel()
    {
        var order = ShippingShop.NewOrder();
        Assert.Equal(await shop.CreateAsync(order), await shop.CreateAsync(order));
    }

    [Fact]
    public async Task A_cancelled_parcel_is_never_dispatched()
    {
        var order = ShippingShop.NewOrder();
        await shop.CreateAsync(order);
        await shop.ConfirmAsync(order);
        await ExpectedAsync(order);
        Assert.Equal("cancelled", (await shop.CancelAsync(order)).Outcome);
        Assert.Equal("cancelled", (await shop.CancelAsync(order)).Outcome);
        Assert.Equal("cancelled", (await shop.CreateAsync(order)).Outcome);
        Assert.Equal(HttpStatusCode.Conflict, (await shop.StaffAsync(order, "dispatch")).StatusCode);
        Assert.Equal("cancelled", (await GetAsync(order)).GetProperty("status").GetString());
        Assert.DoesNotContain(shop.Heard, heard => heard.OrderId == order);
    }

    [Fact]
    public async Task A_cancel_that_comes_first_wins()
    {
        var order = ShippingShop.NewOrder();
        Assert.Equal("cancelled", (await shop.CancelAsync(order)).Outcome);
        Assert.Equal("cancelled", (await shop.CreateAsync(order)).Outcome);
    }

    [Fact]
    public async Task Of_cancel_and_dispatch_at_once_exactly_one_wins()
    {
        var orders = Enumerable.Range(0, 20).Select(_ => ShippingShop.NewOrder()).ToArray();
        await Task.WhenAll(orders.Select(order => shop.CreateAsync(order)));
        await Task.WhenAll(orders.Select(shop.ConfirmAsync));
        foreach (var order in orders) await ExpectedAsync(order);
        await Task.WhenAll(orders.Select(async order =>
        {
            var dispatch = shop.StaffAsync(order, "dispatch");
            var cancel = shop.CancelAsync(order);
            Assert.Equal((await dispatch).StatusCode is HttpStatusCode.OK ? "dispatched" : "cancelled", (await cancel).Outcome);
        }));
    }

    [Fact]
    public async Task Staff_move_a_parcel_at_once()
    {
        var order = ShippingShop.NewOrder();
        Assert.Equal(HttpStatusCode.NotFound, (await shop.StaffAsync(order, "dispatch")).StatusCode);
        await shop.CreateAsync(order);
        Assert.Equal(HttpStatusCode.Conflict, (await shop.StaffAsync(order, "dispatch")).StatusCode);
        await shop.ConfirmAsync(order);
        await ExpectedAsync(order);
        Assert.Equal(HttpStatusCode.Conflict, (await shop.StaffAsync(order, "deliver")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await shop.StaffAsync(order, "dispatch")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await shop.StaffAsync(order, "deliver")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await shop.StaffAsync(order, "return")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await shop.StaffAsync(order, "return")).StatusCode);
        foreach (var status in new[] { "dispatched", "delivered", "returned" }) await shop.HeardAsync(order, status);
        using var member = await shop.Host.Client("shipping", shop.Host.Token()).PostAsync($"/api/shipments/{order}/dispatch", null);
        Assert.Equal(HttpStatusCode.Forbidden, member.StatusCode);
    }

    [Fact]
    public async Task Where_nobody_delivers_the_parcel_is_refused()
    {
        Assert.Equal("refused", (await shop.CreateAsync(ShippingShop.NewOrder(), ShippingShop.Parcel("AQ"))).Outcome);
        Assert.Equal("refused", (await shop.CreateAsync(ShippingShop.NewOrder(), ShippingShop.Parcel("BR", "express"))).Outcome);
        Assert.Equal("refused", (await shop.CreateAsync(ShippingShop.NewOrder(), ShippingShop.Parcel(grams: 100_001))).Outcome);
    }

    [Fact]
    public async Task Malformed_parcels_are_400()
    {
        foreach (var parcel in new[]
        {
            ShippingShop.Parcel("usa"), ShippingShop.Parcel(method: "drone"), ShippingShop.Parcel(grams: 0),
            ShippingShop.Parcel() with { MemberId = "someone" },
        })
        {
            using var response = await shop.PutAsync(ShippingShop.NewOrder(), parcel);
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        }

        using var badId = await shop.PutAsync(ShippingShop.NewOrder().ToUpperInvariant(), ShippingShop.Parcel());
        Assert.Equal(HttpStatusCode.BadRequest, badId.StatusCode);
    }

    [Fact]
    public async Task Others_see_nothing()
    {
        var order = ShippingShop.NewOrder();
        await shop.CreateAsync(order);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(order, null));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(order, shop.Host.Token(ShippingShop.NewOrder())));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(order, shop.Host.StaffToken()));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync("no-such-order", shop.Host.StaffToken()));
    }

    /// <summary>Waits until the parcel is on a courier's list.</summary>
    private Task ExpectedAsync(string order) => ShopHost.EventuallyAsync(
        async () =>
        {
            var courier = $"courier-{Convert.ToInt32(order[^1..], 16) % 8}";
            using var slots = await shop.Dapr.GetAsync($"/v1.0/actors/CourierActor/{courier}/state/slots");
            if (slots.StatusCode is not HttpStatusCode.OK) return false;
            foreach (var slot in (await slots.Content.ReadFromJsonAsync<long[]>())!)
            {
                if ((await shop.Dapr.GetStringAsync($"/v1.0/actors/CourierActor/{courier}/state/slot-{slot}")).Contains(order)) return true;
            }

            return false;
        },
        "the parcel to be expected");

    private async Task<HttpStatusCode> StatusAsync(string order, string? token)
    {
        using var response = await shop.Host.Client("shipping", token).GetAsync($"/api/shipments/{order}");
        return response.StatusCode;
    }

    private async Task<JsonElement> GetAsync(string order) =>
        await shop.Host.Client("shipping", shop.Host.Token(ShippingShop.MemberId)).GetFromJsonAsync<JsonElement>($"/api/shipments/{order}");
}
