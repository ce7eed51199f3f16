using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using DaprShop.Common;
using DaprShop.Contracts;
using DaprShop.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace DaprShop.Basket.Tests;

/// <summary>The basket service beside a sidecar, and a catalogue that knows products the basket has not heard of.</summary>
public sealed class BasketHost : IAsyncLifetime
{
    private static readonly Money s_price = new(1250, "USD");

    private int _asked;

    public ShopHost Shop { get; private set; } = null!;

    /// <summary>How often the catalogue was asked.</summary>
    public int Asked => _asked;

    /// <summary>Every product whose id starts with <c>known-</c> is in the catalogue.</summary>
    public async ValueTask InitializeAsync() => Shop = await ShopHost.StartAsync(shop => shop
        .Service("basket", BasketService.Create)
        .Fake("catalog", app => app.MapGet("/internal/products", (string ids) =>
        {
            Interlocked.Increment(ref _asked);
            return Results.Json(ids.Split(',')
                .Where(id => id.StartsWith("known-", StringComparison.Ordinal))
                .Select(id => new ProductQuote(id, $"The {id}", s_price, 500, 1, $"/api/catalog/products/{id}/image")));
        })));

    public ValueTask DisposeAsync() => Shop.DisposeAsync();

    public HttpClient Guest(string? basketId = null)
    {
        var client = Shop.Client("basket");
        client.DefaultRequestHeaders.Add("X-Basket-Id", basketId ?? Guid.NewGuid().ToString());
        return client;
    }

    public (HttpClient Client, string Id) Member()
    {
        var id = Guid.NewGuid().ToString();
        return (Shop.Client("basket", Shop.Token(id)), id);
    }

    /// <summary>As the sidecar delivers it; waits until it has taken effect.</summary>
    public async Task HearAsync(ProductChanged changed) => await DeliverAsync(Topics.CatalogProductChanged, changed);

    public async Task HearAsync(OrderChanged submitted) => await DeliverAsync(Topics.OrdersSubmitted, submitted);

    public static ProductChanged Product(string id, long version, long price = 1000, bool deleted = false) => new(
        $"product-{id}-{version}", DateTimeOffset.UnixEpoch, id, version, deleted, $"Name {version}", "kitchen",
            new Money(price, "USD"), 500, "/image");

    public static OrderChanged Order(string memberId, string orderId, params (string ProductId, int Quantity)[] lines) => new(
        $"order-{orderId}-1", DateTimeOffset.UnixEpoch, orderId, memberId, 1, "submitted",
        [.. lines.Select(line => new OrderedLine(line.ProductId, line.ProductId, s_price, line.Quantity))], s_price);

    private async Task DeliverAsync<T>(string topic, T data)
    {
        var delivery = new { entries = new[] { new { entryId = "1", @event = new { data } } } };
        var response = await Shop.SidecarClient("basket").PostAsJsonAsync($"/events/{topic}", delivery);
        Assert.Equal("""{"statuses":[{"entryId":"1","status":"SUCCESS"}]}""", await response.Content.ReadAsStringAsync());
    }
}

public sealed class BasketApiTests(BasketHost host) : IClassFixture<BasketHost>
{
    [Fact]
    public async Task An_empty_basket_costs_nothing()
    {
        var response = await host.Guest().GetAsync("/api/basket");
        Assert.Equal("""{"items":[],"total":{"amount":0,"currency":"USD"}}""", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_guest_fills_changes_and_clears_a_basket()
    {
        var guest = host.Guest();
        var basket = await BasketAsync(await guest.PutAsJsonAsync("/api/basket/items/known-kettle", new { quantity = 2 }));
        Assert.Equal(new BasketItem("known-kettle", "The known-kettle", new(1250, "USD"), 2, new(2500, "USD")),
            Assert.Single(basket.Items));
        basket = await BasketAsync(await guest.PutAsJsonAsync("/api/basket/items/known-cup", new { quantity = 1, price = 1 }));
        Assert.Equal(new Money(3750, "USD"), basket.Total);
        basket = await BasketAsync(await guest.DeleteAsync("/api/basket/items/known-kettle"));
        Assert.Equal("known-cup", Assert.Single(basket.Items).ProductId);
        Assert.Equal(basket.Items, (await BasketAsync(await guest.GetAsync("/api/basket"))).Items);
        Assert.Empty((await BasketAsync(await guest.DeleteAsync("/api/basket"))).Items);
        Assert.Empty((await BasketAsync(await guest.GetAsync("/api/basket"))).Items);
    }

    [Fact]
    public async Task The_catalogue_is_asked_once_for_a_product()
    {
        await host.Guest().PutAsJsonAsync("/api/basket/items/known-once", new { quantity = 1 });
        var asked = host.Asked;
        await BasketAsync(await host.Guest().PutAsJsonAsync("/api/basket/items/known-once", new { quantity = 1 }));
        Assert.Equal(asked, host.Asked);
    }

    [Fact]
    public async Task A_basket_works_while_the_catalogue_is_away()
    {
        await host.HearAsync(BasketHost.Product("heard-kettle", 1));
        await host.Shop.StopAppAsync("catalog");
        try
        {
            var guest = host.Guest();
            Assert.Single((await BasketAsync(await guest.PutAsJsonAsync("/api/basket/items/heard-kettle", new { quantity = 1 }))).Items);
            Assert.Single((await BasketAsync(await guest.GetAsync("/api/basket"))).Items);
            await ProblemAsync(await guest.PutAsJsonAsync("/api/basket/items/known-unheard", new { quantity = 1 }),
                HttpStatusCode.ServiceUnavailable);
        }
        finally
        {
            await host.Shop.StartAppAsync("catalog");
        }
    }

    [Fact]
    public async Task Baskets_outlive_a_restart()
    {
        var guest = host.Guest();
        await guest.PutAsJsonAsync("/api/basket/items/known-kettle", new { quantity = 7 });
        await host.Shop.RestartAsync("basket");
        Assert.Equal(7, Assert.Single((await BasketAsync(await guest.GetAsync("/api/basket"))).Items).Quantity);
    }

    [Theory]
    [InlineData("unknown")]
    [InlineData("a%7C%7Cb")]
    [InlineData("Known-Kettle")]
    [InlineData("..%2F..")]
    public async Task An_unknown_product_is_404(string productId) => await
        ProblemAsync(await host.Guest().PutAsJsonAsync($"/api/basket/items/{productId}", new { quantity = 1 }), HttpStatusCode.NotFound);

    [Theory]
    [InlineData("""{"quantity":0}""")]
    [InlineData("""{"quantity":100}""")]
    [InlineData("""{"quantity":-1}""")]
    [InlineData("""{"quantity":1.5}""")]
    [InlineData("""{"quantity":"2"}""")]
    [InlineData("""{"quantity":99999999999}""")]
    [InlineData("""{}""")]
    [InlineData("""[""")]
    public async Task A_quantity_is_1_to_99(string body) => await ProblemAsync(
        await host.Guest().PutAsync("/api/basket/items/known-kettle", new StringContent(body, Encoding.UTF8, "application/json")),
            HttpStatusCode.BadRequest);

    [Fact]
    public async Task A_hundred_products_are_enough()
    {
        var (member, id) = host.Member();
        await AddAsync(id, "fill", [.. Enumerable.Range(0, 100).Select(at => new StockLine($"known-{at}", 1))]);
        await ProblemAsync(await member.PutAsJsonAsync("/api/basket/items/known-kettle", new { quantity = 1 }), HttpStatusCode.BadRequest);
        Assert.Equal(100, (await BasketAsync(await member.PutAsJsonAsync("/api/basket/items/known-7", new { quantity = 9 }))).Items.Count);
    }

    [Fact]
    public async Task Without_a_token_or_a_basket_id_there_is_no_basket()
    {
        await ProblemAsync(await host.Shop.Client("basket").GetAsync("/api/basket"), HttpStatusCode.BadRequest);
        await ProblemAsync(await host.Guest("not-a-uuid").GetAsync("/api/basket"), HttpStatusCode.BadRequest);
        await ProblemAsync(await host.Guest("member/x").DeleteAsync("/api/basket"), HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_token_counts_for_more_than_a_basket_id_and_a_bad_one_is_refused()
    {
        var basketId = Guid.NewGuid().ToString();
        await host.Guest(basketId).PutAsJsonAsync("/api/basket/items/known-kettle", new { quantity = 1 });
        var (member, _) = host.Member();
        member.DefaultRequestHeaders.Add("X-Basket-Id", basketId);
        Assert.Empty((await BasketAsync(await member.GetAsync("/api/basket"))).Items);

        var expired = host.Guest(basketId);
        expired.DefaultRequestHeaders.Add("Authorization", "Bearer expired");
        await ProblemAsync(await expired.GetAsync("/api/basket"), HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData("Bearer expired", HttpStatusCode.Unauthorized)]
    [InlineData("Basic bm9ib2R5Og==", HttpStatusCode.Unauthorized)]
    [InlineData(null, HttpStatusCode.BadRequest)]
    public async Task A_bad_token_is_refused_before_a_bad_body_is_read(string? authorization, HttpStatusCode status)
    {
        var client = host.Shop.Client("basket");
        if (authorization is not null) client.DefaultRequestHeaders.Add("Authorization", authorization);
        using var body = new StringContent("{", Encoding.UTF8, "application/json");
        await ProblemAsync(await client.PutAsync("/api/basket/items/known-kettle", body), status);
    }

    [Fact]
    public async Task Merging_moves_a_guests_lines_once_even_when_asked_many_times_at_once()
    {
        var basketId = Guid.NewGuid().ToString();
        var guest = host.Guest(basketId);
        await guest.PutAsJsonAsync("/api/basket/items/known-kettle", new { quantity = 60 });
        await guest.PutAsJsonAsync("/api/basket/items/known-cup", new { quantity = 3 });
        var (member, _) = host.Member();
        await member.PutAsJsonAsync("/api/basket/items/known-cup", new { quantity = 4 });

        var merges = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => member.PostAsJsonAsync("/api/basket/merge", new { basketId })));
        Assert.All(merges, merge => Assert.Equal(HttpStatusCode.OK, merge.StatusCode));
        Assert.Empty((await BasketAsync(await guest.GetAsync("/api/basket"))).Items);
        var merged = await BasketAsync(await member.GetAsync("/api/basket"));
        Assert.Equal([("known-cup", 7), ("known-kettle", 60)], merged.Items.Select(item => (item.ProductId, item.Quantity)));

        await guest.PutAsJsonAsync("/api/basket/items/known-kettle", new { quantity = 60 });
        merged = await BasketAsync(await member.PostAsJsonAsync("/api/basket/merge", new { basketId }));
        Assert.Equal([7, 99], merged.Items.Select(item => item.Quantity));
    }

    [Fact]
    public async Task Merging_is_for_members_and_needs_a_uuid()
    {
        await ProblemAsync(await host.Guest().PostAsJsonAsync("/api/basket/merge", new { basketId = Guid.NewGuid() }),
            HttpStatusCode.Unauthorized);
        var (member, _) = host.Member();
        await ProblemAsync(await member.PostAsJsonAsync("/api/basket/merge", new { basketId = "mine" }), HttpStatusCode.BadRequest);
        await ProblemAsync(await member.PostAsJsonAsync("/api/basket/merge", new { }), HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task The_latest_version_of_a_product_wins_in_any_order_and_a_deleted_one_vanishes()
    {
        var guest = host.Guest();
        await host.HearAsync(BasketHost.Product("versions", 2, price: 200));
        await guest.PutAsJsonAsync("/api/basket/items/versions", new { quantity = 1 });
        await host.HearAsync(BasketHost.Product("versions", 1, price: 100));
        Assert.Equal(200, (await BasketAsync(await guest.GetAsync("/api/basket"))).Total.Amount);
        await host.HearAsync(BasketHost.Product("versions", 4, price: 400));
        await host.HearAsync(BasketHost.Product("versions", 3, price: 300));
        Assert.Equal(400, (await BasketAsync(await guest.GetAsync("/api/basket"))).Total.Amount);
        await host.HearAsync(BasketHost.Product("versions", 5, deleted: true));
        Assert.Empty((await BasketAsync(await guest.GetAsync("/api/basket"))).Items);
        await ProblemAsync(await guest.PutAsJsonAsync("/api/basket/items/versions", new { quantity = 1 }), HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task An_order_leaves_the_basket_once_however_often_and_early_it_is_told()
    {
        var (member, id) = host.Member();
        var early = BasketHost.Order(id, Guid.NewGuid().ToString(), ("known-kettle", 1));
        await host.HearAsync(early);
        await member.PutAsJsonAsync("/api/basket/items/known-kettle", new { quantity = 5 });
        await member.PutAsJsonAsync("/api/basket/items/known-cup", new { quantity = 2 });
        await host.HearAsync(early);

        var order = BasketHost.Order(id, Guid.NewGuid().ToString(), ("known-kettle", 2), ("known-cup", 2), ("known-spoon", 1));
        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => host.HearAsync(order)));
        var item = Assert.Single((await BasketAsync(await member.GetAsync("/api/basket"))).Items);
        Assert.Equal(("known-kettle", 3), (item.ProductId, item.Quantity));
    }

    [Fact]
    public async Task Orders_and_changes_at_once_all_take_effect()
    {
        var (member, id) = host.Member();
        await AddAsync(id, "fill", [.. Enumerable.Range(0, 6).Select(at => new StockLine($"known-{at}", 9))]);
        await Task.WhenAll(Enumerable.Range(0, 6).Select(at => at % 2 == 0
            ? host.HearAsync(BasketHost.Order(id, $"order-{at}", ($"known-{at}", 4)))
            : member.DeleteAsync($"/api/basket/items/known-{at}")));
        var basket = await BasketAsync(await member.GetAsync("/api/basket"));
        Assert.Equal([("known-0", 5), ("known-2", 5), ("known-4", 5)], basket.Items.Select(item => (item.ProductId, item.Quantity)));
    }

    [Fact]
    public async Task Other_services_read_a_members_basket_and_add_to_it_once()
    {
        var (_, id) = host.Member();
        await AddAsync(id, "reorder-1", [new("known-kettle", 2), new("no-longer-sold", 1)]);
        var basket = await AddAsync(id, "reorder-1", [new("known-kettle", 2)]);
        Assert.Equal(2, Assert.Single(basket.Items).Quantity);
        basket = (await host.Shop.SidecarClient("basket").GetFromJsonAsync<BasketView>($"/internal/baskets/{id}"))!;
        Assert.Equal(2, Assert.Single(basket.Items).Quantity);
        await ProblemAsync(await host.Shop.Client("basket").GetAsync($"/internal/baskets/{id}"), HttpStatusCode.Unauthorized);
        var wrong = new AddToBasket("reorder-2", [new("known-kettle", 0)]);
        await ProblemAsync(await host.Shop.SidecarClient("basket").PostAsJsonAsync($"/internal/baskets/{id}/items", wrong),
            HttpStatusCode.BadRequest);
        var nonsense = new AddToBasket("reorder-3", [new("known-kettle", 1)], "nonsense");
        await ProblemAsync(await host.Shop.SidecarClient("basket").PostAsJsonAsync($"/internal/baskets/{id}/items", nonsense),
            HttpStatusCode.BadRequest);
    }

    /// <summary>Killed after the lines were set aside, and after they were added to the member's basket.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_merge_that_died_is_finished_by_the_next(bool wereAdded)
    {
        var (member, id) = host.Member();
        await member.PutAsJsonAsync("/api/basket/items/known-kettle", new { quantity = 1 });
        var guestId = Guid.NewGuid();
        var store = new StateStore(host.Shop.Dapr("basket"), "basket-store");
        var leaving = new Departure("merge-1", $"member/{id}", [new("known-kettle", 2)]);
        await store.SaveAsync($"guest/{guestId}", Basket.Empty.Put("known-cup", 4) with { Leaving = leaving });
        if (wereAdded) await AddAsync(id, "merge-1", leaving.Lines);

        for (var times = 0; times < 2; times++)
        {
            var merged = await BasketAsync(await member.PostAsJsonAsync("/api/basket/merge", new { basketId = guestId }));
            Assert.Equal([("known-kettle", 3), ("known-cup", 4)], merged.Items.Select(item => (item.ProductId, item.Quantity)));
        }
    }

    [Fact]
    public async Task What_was_on_its_way_to_one_member_does_not_go_to_another()
    {
        var ((member, id), (other, _)) = (host.Member(), host.Member());
        var guestId = Guid.NewGuid();
        var store = new StateStore(host.Shop.Dapr("basket"), "basket-store");
        var leaving = new Departure("merge-2", $"member/{id}", [new("known-kettle", 2)]);
        await store.SaveAsync($"guest/{guestId}", Basket.Empty with { Leaving = leaving });

        Assert.Empty((await BasketAsync(await other.PostAsJsonAsync("/api/basket/merge", new { basketId = guestId }))).Items);
        Assert.Equal(2, Assert.Single((await BasketAsync(await member.GetAsync("/api/basket"))).Items).Quantity);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_ordered_again_stays_whenever_the_order_is_heard_of(bool isHeardOfFirst)
    {
        var (member, id) = host.Member();
        await member.PutAsJsonAsync("/api/basket/items/known-kettle", new { quantity = 3 });
        var order = BasketHost.Order(id, Guid.CreateVersion7().ToString(), ("known-kettle", 2));
        if (isHeardOfFirst) await host.HearAsync(order);
        var again = new AddToBasket($"reorder-{order.OrderId}", [new("known-kettle", 2)], order.OrderId);
        using var response = await host.Shop.SidecarClient("basket").PostAsJsonAsync($"/internal/baskets/{id}/items", again);
        Assert.Equal(3, Assert.Single((await BasketAsync(response)).Items).Quantity);
        await host.HearAsync(order);
        Assert.Equal(3, Assert.Single((await BasketAsync(await member.GetAsync("/api/basket"))).Items).Quantity);
    }

    [Fact]
    public async Task Events_come_through_the_broker()
    {
        var (member, id) = host.Member();
        await member.PutAsJsonAsync("/api/basket/items/known-told", new { quantity = 5 });
        var orders = Enumerable.Range(0, 3).Select(at => BasketHost.Order(id, $"order-{at}", ("known-told", 1))).ToList();
        foreach (var order in orders.Concat(orders)) await host.Shop.PublishAsync(Topics.OrdersSubmitted, order, order.EventId);
        await ShopHost.EventuallyAsync(async () =>
            Assert.Single((await BasketAsync(await member.GetAsync("/api/basket"))).Items).Quantity == 2);
        await host.Shop.PublishAsync(Topics.CatalogProductChanged, BasketHost.Product("known-told", 2, price: 1));
        await ShopHost.EventuallyAsync(async () => (await BasketAsync(await member.GetAsync("/api/basket"))).Total.Amount == 2);
    }

    [Fact]
    public async Task An_event_that_cannot_be_read_holds_up_no_other()
    {
        await host.HearAsync(BasketHost.Product("readable", 1));
        var delivery = new
        {
            entries = new object[]
            {
                new { entryId = "1", @event = new { data = new { productId = 7 } } },
                new { entryId = "2", @event = "nonsense" },
                new { entryId = "3", @event = new { data = BasketHost.Product("readable", 2, price: 77) } },
            },
        };
        var response = await host.Shop.SidecarClient("basket").PostAsJsonAsync($"/events/{Topics.CatalogProductChanged}", delivery);
        var statuses = (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("statuses").EnumerateArray();
        Assert.Equal(["RETRY", "RETRY", "SUCCESS"], statuses.Select(status => status.GetProperty("status").GetString()));
        Assert.Equal(77, (await BasketAsync(await host.Guest().PutAsJsonAsync("/api/basket/items/readable",
            new { quantity = 1 }))).Total.Amount);
    }

    [Fact]
    public async Task Events_come_from_the_sidecar_only() => await ProblemAsync(
        await host.Shop.Client("basket").PostAsJsonAsync($"/events/{Topics.OrdersSubmitted}", BasketHost.Order("m", "o")),
            HttpStatusCode.Unauthorized);

    private async Task<BasketView> AddAsync(string memberId, string operation, IReadOnlyList<StockLine> lines) => await BasketAsync(
        await host.Shop.SidecarClient("basket").PostAsJsonAsync($"/internal/baskets/{memberId}/items", new AddToBasket(operation, lines)));

    private static async Task<BasketView> BasketAsync(HttpResponseMessage response)
    {
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return (await response.Content.ReadFromJsonAsync<BasketView>())!;
    }

    private static async Task ProblemAsync(HttpResponseMessage response, HttpStatusCode status)
    {
        Assert.Equal(status, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal((int)status, (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("status").GetInt32());
    }
}
