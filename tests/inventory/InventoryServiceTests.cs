using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CsCheck;
using DaprShop.Contracts;
using DaprShop.Testing;

namespace DaprShop.Inventory.Tests;

/// <summary>The service as the saga, visitors and staff meet it.</summary>
public class InventoryServiceTests(InventoryShop shop) : IClassFixture<InventoryShop>
{
    [Fact]
    public async Task A_seed_product_has_its_stock_before_anything_is_written()
    {
        var product = shop.NewProduct();
        Assert.Equal(new StockLevel(product, 10, 0, 10), await shop.LevelAsync(product));
        await HeardAsync(product, available: 10);
    }

    [Theory]
    [InlineData("nothing-of-the-kind")]
    [InlineData("Kettle-01")]
    [InlineData("a%7C%7Cb")]
    public async Task An_unknown_product_is_404(string product)
    {
        using var response = await shop.Anyone.GetAsync($"/api/inventory/{product}");
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task All_lines_are_reserved_committed_and_put_back()
    {
        var (a, b, order) = (shop.NewProduct(), shop.NewProduct(), InventoryShop.NewOrder());
        Assert.Equal("reserved", (await shop.ReserveAsync(order, (a, 2), (b, 1), (a, 1))).Outcome);
        Assert.Equal(new StockLevel(a, 10, 3, 7), await shop.LevelAsync(a));
        Assert.Equal("committed", (await shop.CommitAsync(order, (a, 3), (b, 1))).Outcome);
        Assert.Equal(new StockLevel(a, 7, 0, 7), await shop.LevelAsync(a));
        await HeardAsync(a, available: 7);
        Assert.Equal("released", (await shop.ReleaseAsync(order, (a, 3), (b, 1))).Outcome);
        Assert.Equal("released", (await shop.ReleaseAsync(order, (a, 3), (b, 1))).Outcome);
        Assert.Equal(new StockLevel(a, 10, 0, 10), await shop.LevelAsync(a));
        Assert.Equal("released", (await shop.ReserveAsync(order, (a, 3), (b, 1))).Outcome);
        Assert.Equal("expired", (await shop.CommitAsync(order, (a, 3), (b, 1))).Outcome);
        Assert.Equal(new StockLevel(a, 10, 0, 10), await shop.LevelAsync(a));
    }

    [Fact]
    public async Task When_one_line_lacks_nothing_is_held_and_the_answer_stays()
    {
        var (a, b, order) = (shop.NewProduct(), shop.NewProduct(), InventoryShop.NewOrder());
        var refused = await shop.ReserveAsync(order, (a, 2), (b, 11));
        Assert.Equal("outOfStock", refused.Outcome);
        Assert.Equal([b], refused.ProductIds);
        Assert.Equal(new StockLevel(a, 10, 0, 10), await shop.LevelAsync(a));
        await CountAsync(b, 100);
        Assert.Equal([b], (await shop.ReserveAsync(order, (a, 2), (b, 11))).ProductIds);
        Assert.Equal(new StockLevel(a, 10, 0, 10), await shop.LevelAsync(a));
        Assert.Equal(new StockLevel(b, 100, 0, 100), await shop.LevelAsync(b));
    }

    [Fact]
    public async Task A_product_nobody_knows_is_out_of_stock() =>
        Assert.Equal(["never-heard-of"], (await shop.ReserveAsync(InventoryShop.NewOrder(), ("never-heard-of", 1))).ProductIds);

    [Fact]
    public async Task A_duplicate_is_known_in_a_new_life_of_the_service()
    {
        var (product, order) = (shop.NewProduct(), InventoryShop.NewOrder());
        await shop.ReserveAsync(order, (product, 4));
        await shop.Host.RestartAsync("inventory");
        Assert.Equal("reserved", (await shop.ReserveAsync(order, (product, 4))).Outcome);
        Assert.Equal(new StockLevel(product, 10, 4, 6), await shop.LevelAsync(product));
        await shop.CommitAsync(order, (product, 4));
        await shop.Host.RestartAsync("inventory");
        Assert.Equal("committed", (await shop.CommitAsync(order, (product, 4))).Outcome);
        Assert.Equal("reserved", (await shop.ReserveAsync(order, (product, 4))).Outcome);
        Assert.Equal(new StockLevel(product, 6, 0, 6), await shop.LevelAsync(product));
    }

    [Fact]
    public async Task What_nobody_asks_for_again_is_freed_and_told_without_traffic()
    {
        var (product, order) = (shop.NewProduct(), InventoryShop.NewOrder());
        await shop.ReserveAsync(order, (product, 10));
        await HeardAsync(product, available: 0);
        shop.Clock.Advance(TimeSpan.FromMinutes(11));
        await HeardAsync(product, available: 10, after: 0);
        Assert.Equal("expired", (await shop.CommitAsync(order, (product, 10))).Outcome);
    }

    [Fact]
    public async Task What_was_saved_and_not_told_when_the_service_died_is_told_and_freed_by_its_next_life()
    {
        var (product, order) = (shop.NewProduct(), InventoryShop.NewOrder());
        shop.Mute = true;
        await shop.Host.RestartAsync("inventory");
        await shop.ReserveAsync(order, (product, 9));
        shop.Mute = false;
        Assert.DoesNotContain(shop.Heard, told => told.ProductId == product && told.Available == 1);
        await shop.Host.RestartAsync("inventory");
        await HeardAsync(product, available: 1);
        shop.Clock.Advance(TimeSpan.FromMinutes(11));
        await HeardAsync(product, available: 10, after: 1);
    }

    [Fact]
    public async Task What_another_replica_did_not_live_to_tell_is_told_and_freed_by_this_one()
    {
        var (product, order) = (shop.NewProduct(), InventoryShop.NewOrder());
        await HeardAsync(product, available: 10);
        shop.Mute = true;
        await using (var replica = await shop.StartReplicaAsync())
        {
            await shop.ReserveAsync(replica.Sidecar, order, (product, 4));
        }

        shop.Mute = false;
        shop.Clock.Advance(TimeSpan.FromMinutes(5));
        await HeardAsync(product, available: 6, after: 10);
        shop.Clock.Advance(TimeSpan.FromMinutes(6));
        await HeardAsync(product, available: 10, after: 6);
    }

    [Fact]
    public async Task A_product_without_seed_is_found_again_by_the_next_life()
    {
        var stocks = new StockStore(shop.Store, shop.Seed, new StockNews(), shop.Clock);
        await stocks.OpenAsync(["novelty-03"], TestContext.Current.CancellationToken);
        Assert.DoesNotContain(shop.Heard, told => told.ProductId == "novelty-03");
        await shop.Host.RestartAsync("inventory");
        await HeardAsync("novelty-03", available: 0);
    }

    [Fact]
    public async Task A_change_that_the_store_refuses_leaves_nothing_of_itself()
    {
        var (a, b, order) = (shop.NewProduct(), shop.NewProduct(), InventoryShop.NewOrder());
        StockLine[] lines = [new(a, 2), new(b, 3)];
        var seen = new List<(Claim? Claim, long VersionA, long VersionB)>();
        var reserved = await new StockChanges(shop.Store, shop.Seed, new StockNews(), shop.Clock).MakeAsync<Claim>(
            $"claim/{order}", [a, b],
            (claim, stocks) =>
            {
                seen.Add((claim, stocks[a].Version, stocks[b].Version));
                // A rival takes some of the second product between this one's read and its write.
                if (seen.Count == 1) Task.Run(() => shop.ReserveAsync(InventoryShop.NewOrder(), (b, 4))).Wait();
                return Claim.Reserve(claim, order, lines, shop.Clock.GetUtcNow().AddMinutes(10), stocks, shop.Clock.GetUtcNow());
            },
            TestContext.Current.CancellationToken);
        Assert.Equal([(null, 1, 1), (null, 1, 2)], seen);
        Assert.Equal(ClaimState.Reserved, reserved.Record?.State);
        Assert.Equal(new StockLevel(a, 10, 2, 8), await shop.LevelAsync(a));
        Assert.Equal(new StockLevel(b, 10, 7, 3), await shop.LevelAsync(b));
    }

    [Fact]
    public async Task Two_instances_over_several_scarce_products_never_oversell_and_never_block_each_other()
    {
        await using var replica = await shop.StartReplicaAsync();
        string[] products = [shop.NewProduct(), shop.NewProduct(), shop.NewProduct()];
        var orders = await Task.WhenAll(Enumerable.Range(0, 60).Select(async i =>
        {
            // Each wants two of the three, in this order or that, here or there; every third gives it back.
            var (order, through) = (InventoryShop.NewOrder(), i % 2 == 0 ? shop.Sidecar : replica.Sidecar);
            (string Product, int Quantity)[] lines = [(products[i % 3], 1), (products[(i + 1 + (i / 3 % 2)) % 3], 1)];
            var outcome = await RepeatAsync(() => shop.ReserveAsync(through, order, lines));
            if (i % 3 == 0) outcome = await RepeatAsync(() => shop.ReleaseAsync(through, order, lines));
            return (lines, outcome);
        }));

        foreach (var product in products)
        {
            var held = orders.Count(order => order.outcome == "reserved" && order.lines.Any(line => line.Product == product));
            Assert.Equal(new StockLevel(product, 10, held, 10 - held), await shop.LevelAsync(product));
        }

        Assert.Contains(orders, order => order.outcome == "reserved");
        Assert.Contains(orders, order => order.outcome == "outOfStock");
    }

    [Fact]
    public async Task Changes_that_are_too_much_together_for_one_call_are_made_apart()
    {
        // Payments have been away: each product has some 400 KB of open reservations, and a sidecar sends 4 MB at once.
        var until = shop.Clock.GetUtcNow().AddMinutes(10);
        var held = Enumerable.Range(0, 3_500).ToImmutableDictionary(_ => InventoryShop.NewOrder(), _ => new Reservation(1, until));
        string[] products = [.. Enumerable.Range(0, 14).Select(_ => shop.NewProduct())];
        foreach (var product in products)
            await shop.Store.SaveAsync($"stock/{product}", new Stock(3_501, 2, held), TestContext.Current.CancellationToken);
        var outcomes = await Task.WhenAll(products.Select(product => shop.ReserveAsync(InventoryShop.NewOrder(), (product, 1))));
        Assert.All(outcomes, reply => Assert.Equal("reserved", reply.Outcome));
    }

    [Fact]
    public async Task A_document_that_cannot_be_read_is_the_trouble_of_its_own_order_only()
    {
        var (product, broken) = (shop.NewProduct(), InventoryShop.NewOrder());
        await shop.Store.SaveAsync($"claim/{broken}", "gibberish", TestContext.Current.CancellationToken);
        var now = shop.Clock.GetUtcNow();
        var changes = new StockChanges(shop.Store, shop.Seed, new StockNews(), shop.Clock);
        Task<Decision<Claim>> Reserve(string order) => changes.MakeAsync<Claim>(
            $"claim/{order}", [product],
            (claim, stocks) => Claim.Reserve(claim, order, [new(product, 1)], now.AddMinutes(10), stocks, now),
            TestContext.Current.CancellationToken);
        // The first goes alone, the others together.
        string[] orders = [InventoryShop.NewOrder(), InventoryShop.NewOrder(), broken, InventoryShop.NewOrder()];
        var asked = orders.Select(Reserve).ToArray();
        await Assert.ThrowsAsync<JsonException>(() => asked[2]);
        foreach (var other in asked.Where(task => task != asked[2])) Assert.Equal(ClaimState.Reserved, (await other).Record?.State);
        Assert.Equal(new StockLevel(product, 10, 3, 7), await shop.LevelAsync(product));
    }

    [Fact]
    public async Task A_step_that_names_other_products_than_the_order_reserved_is_about_those_that_it_reserved()
    {
        var (a, b, order) = (shop.NewProduct(), shop.NewProduct(), InventoryShop.NewOrder());
        await shop.ReserveAsync(order, (a, 2), (b, 1));
        Assert.Equal("committed", (await shop.CommitAsync(order, (b, 7), ("p-none", 1))).Outcome);
        Assert.Equal(new StockLevel(a, 8, 0, 8), await shop.LevelAsync(a));
        Assert.Equal(new StockLevel(b, 9, 0, 9), await shop.LevelAsync(b));
    }

    [Fact]
    public async Task Many_orders_at_once_never_oversell()
    {
        var (a, b) = (shop.NewProduct(), shop.NewProduct());
        var replies = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => shop.ReserveAsync(InventoryShop.NewOrder(), (a, 1), (b, 1))));
        var sold = replies.Count(reply => reply.Outcome == "reserved");
        Assert.Equal(10, sold);
        Assert.Equal(new StockLevel(a, 10, sold, 10 - sold), await shop.LevelAsync(a));
        Assert.Equal(new StockLevel(b, 10, sold, 10 - sold), await shop.LevelAsync(b));
    }

    [Fact]
    public async Task Whatever_comes_in_whatever_order_at_once_an_order_released_holds_nothing()
    {
        await Gen.OneOf("reserve", "commit", "release").Array[2, 4].Array[1, 3].SampleAsync(
            async rounds =>
            {
                var (a, b, order) = (shop.NewProduct(), shop.NewProduct(), InventoryShop.NewOrder());
                (string, int)[] lines = [(a, 2), (b, 3)];
                foreach (var round in rounds)
                {
                    await Task.WhenAll(round.Select(command => command switch
                    {
                        "reserve" => shop.ReserveAsync(order, lines),
                        "commit" => shop.CommitAsync(order, lines),
                        _ => shop.ReleaseAsync(order, lines),
                    }));
                }

                var (levelA, levelB) = (await shop.LevelAsync(a), await shop.LevelAsync(b));
                var released = rounds.Any(round => round.Contains("release"));
                Assert.True(levelA is (_, 10, 0, 10) || (!released && levelA is (_, 10, 2, 8) or (_, 8, 0, 8)), $"{levelA}");
                Assert.True(levelB is (_, 10, 0, 10) || (!released && levelB is (_, 10, 3, 7) or (_, 7, 0, 7)), $"{levelB}");
            },
            iter: 20, threads: 1);
    }

    [Fact]
    public async Task Staff_put_the_shelf_right()
    {
        var product = shop.NewProduct();
        await shop.ReserveAsync(InventoryShop.NewOrder(), (product, 4));
        Assert.Equal(new StockLevel(product, 6, 4, 2), await CountAsync(product, 6));
        Assert.Equal(new StockLevel(product, 9, 4, 5), await AdjustAsync(product, 3));
        Assert.Equal(HttpStatusCode.Conflict, (await shop.Staff.PutAsJsonAsync(Path(product), new { onHand = 3 })).StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, (await SendAdjustmentAsync(product, -6)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await shop.Staff.PutAsJsonAsync(Path("no-such-thing"), new { onHand = 3 })).StatusCode);
    }

    [Fact]
    public async Task What_the_catalogue_has_sold_for_a_moment_only_can_be_seen_and_counted_at_once()
    {
        shop.Sold.Add("brand-new");
        Assert.Equal(new StockLevel("brand-new", 0, 0, 0), await shop.LevelAsync("brand-new"));
        Assert.Equal(new StockLevel("brand-new", 7, 0, 7), await CountAsync("brand-new", 7));
        await shop.Host.PublishAsync(Topics.CatalogProductChanged, new ProductChanged(
            "product-brand-new-1", shop.Clock.GetUtcNow(), "brand-new", 1, false, "New", "things", Money.Zero("USD"), 1, ""));
        Assert.Equal(new StockLevel("brand-new", 8, 0, 8), await AdjustAsync("brand-new", 1));

        shop.IsCatalogAway = true;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await shop.Staff.PutAsJsonAsync(Path("unheard-of"), new { onHand = 3 })).StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await shop.Anyone.GetAsync(Path("unheard-of"))).StatusCode);
        Assert.Equal(new StockLevel("brand-new", 9, 0, 9), await CountAsync("brand-new", 9));
        shop.IsCatalogAway = false;
    }

    [Fact]
    public async Task An_adjustment_with_a_key_counts_once()
    {
        var product = shop.NewProduct();
        Assert.Equal(new StockLevel(product, 15, 0, 15), await AdjustAsync(product, 5, "delivery 7"));
        await AdjustAsync(product, 1);
        Assert.Equal(new StockLevel(product, 15, 0, 15), await AdjustAsync(product, 5, "delivery 7"));
        Assert.Equal(new StockLevel(product, 16, 0, 16), await shop.LevelAsync(product));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await SendAdjustmentAsync(product, 6, "delivery 7")).StatusCode);
    }

    [Theory]
    [InlineData("""{"onHand":-1}""")]
    [InlineData("""{"onHand":1000001}""")]
    [InlineData("""{"onHand":"5"}""")]
    [InlineData("""{"onHand":1.5}""")]
    [InlineData("{}")]
    [InlineData("not json")]
    public async Task A_malformed_count_is_400(string body)
    {
        using var response = await shop.Staff.PutAsync(Path(shop.NewProduct()), new StringContent(body, null, "application/json"));
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task Only_staff_may()
    {
        var product = shop.NewProduct();
        Assert.Equal(HttpStatusCode.Unauthorized, (await shop.Anyone.PutAsJsonAsync(Path(product), new { onHand = 5 })).StatusCode);
        using var member = await shop.Host.Client("inventory", shop.Host.Token()).PutAsJsonAsync(Path(product), new { onHand = 5 });
        Assert.Equal(HttpStatusCode.Forbidden, member.StatusCode);
        using var forged = await shop.Anyone.PostAsJsonAsync(
            $"/internal/reservations/{InventoryShop.NewOrder()}/release", new StockLines([new StockLine(product, 1)]));
        Assert.Equal(HttpStatusCode.Unauthorized, forged.StatusCode);
    }

    [Fact]
    public async Task Malformed_commands_are_400()
    {
        var line = new StockLine(shop.NewProduct(), 1);
        var soon = shop.Clock.GetUtcNow().AddMinutes(1);
        foreach (var (order, body) in new[]
        {
            ("no-order", new ReserveStock([line], soon)),
            (InventoryShop.NewOrder(), new ReserveStock([], soon)),
            (InventoryShop.NewOrder(), new ReserveStock([line with { Quantity = 0 }], soon)),
            (InventoryShop.NewOrder(), new ReserveStock([line with { ProductId = "a||b" }], soon)),
            (InventoryShop.NewOrder(), new ReserveStock([.. Enumerable.Repeat(line, 101)], soon)),
        })
        {
            using var response = await shop.SendAsync(order, "", body);
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        }
    }

    [Fact]
    public async Task A_new_product_gets_an_empty_shelf_and_a_deleted_one_keeps_its_own()
    {
        await ProductAsync("novelty-01", deleted: false);
        await ShopHost.EventuallyAsync(async () => (await shop.Anyone.GetAsync(Path("novelty-01"))).IsSuccessStatusCode, "the shelf");
        await CountAsync("novelty-01", 7);
        await ProductAsync("novelty-01", deleted: true);
        await ProductAsync("novelty-01", deleted: false);
        await ProductAsync("novelty-02", deleted: false);
        await ShopHost.EventuallyAsync(async () => (await shop.Anyone.GetAsync(Path("novelty-02"))).IsSuccessStatusCode, "the next shelf");
        Assert.Equal(7, (await shop.LevelAsync("novelty-01")).OnHand);
    }

    /// <summary>As the saga does while the store is contended: the same command again.</summary>
    private static async Task<string> RepeatAsync(Func<Task<StockReply>> command)
    {
        while (true)
        {
            try
            {
                return (await command()).Outcome;
            }
            catch (HttpRequestException error) when (error.StatusCode is HttpStatusCode.ServiceUnavailable)
            {
            }
        }
    }

    private Task ProductAsync(string productId, bool deleted) => shop.Host.PublishAsync(Topics.CatalogProductChanged, new ProductChanged(
        $"product-{productId}-1", shop.Clock.GetUtcNow(), productId, 1, deleted, "Novelty", "toys", new Money(100, "USD"), 100, "/x"));

    private Task HeardAsync(string productId, int available, int? after = null) => ShopHost.EventuallyAsync(
        () =>
        {
            var told = shop.Heard.Where(changed => changed.ProductId == productId).ToArray();
            var from = after is { } earlier ? Array.FindIndex(told, changed => changed.Available == earlier) + 1 : 0;
            return Task.FromResult(told.Skip(from).Any(changed => changed.Available == available));
        },
        $"{available} of {productId}");

    private async Task<StockLevel> CountAsync(string productId, int onHand)
    {
        using var response = await shop.Staff.PutAsJsonAsync(Path(productId), new { onHand });
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync<StockLevel>())!;
    }

    private async Task<StockLevel> AdjustAsync(string productId, int delta, string? key = null)
    {
        using var response = await SendAdjustmentAsync(productId, delta, key);
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync<StockLevel>())!;
    }

    private async Task<HttpResponseMessage> SendAdjustmentAsync(string productId, int delta, string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Path(productId) + "/adjustments")
        {
            Content = JsonContent.Create(new { delta, reason = "delivery" }),
        };
        if (key is not null) request.Headers.Add("Idempotency-Key", key);
        return await shop.Staff.SendAsync(request);
    }

    private static string Path(string productId) => $"/api/inventory/{productId}";
}
