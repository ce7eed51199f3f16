using System.Diagnostics;

namespace DaprShop.Chaos.Tests;

/// <summary>Processes are replaced and replicas come and go while people shop: nobody is to notice, and nothing is to be lost.</summary>
[Collection(Chaos.Machine)]
public sealed class RollingTests
{
    private const int Buyers = 6;

    private static readonly string[] s_services =
        ["members", "catalog", "inventory", "basket", "ordering", "payment", "shipping", "notification", "web"];

    /// <summary>Parcels stay where they are, so that the shop comes to rest and can be looked at.</summary>
    private static readonly (string, string) s_restful = ("Shipping__DispatchAfter", "01:00:00");

    [Theory]
    [InlineData("builtin")]
    [InlineData("nginx")]
    public async Task Every_process_is_replaced_and_payment_scaled_without_one_failed_request(string gateway)
    {
        Chaos.RequireAsked();
        var time = Stopwatch.StartNew();
        await using var shop = await ShopProcess.StartBehindAsync(gateway, $"rolling-{gateway}", s_restful);
        using var begin = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        var goods = new Goods(shop);
        var products = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => goods.AddAsync(100_000, begin.Token)));
        using var way = new StrictWay();
        using var door = new Door(way, shop.Door.Url);
        var shoppers = await Task.WhenAll(Enumerable.Range(0, Buyers).Select(_ => Shopper.SignUpAsync(door, products, begin.Token)));
        // What a first request costs is no part of this: everyone has been everywhere once.
        await Task.WhenAll(shoppers.Select(shopper => shopper.ShopOnceAsync(begin.Token)));
        way.Failures.Clear();
        var before = await shop.ReplicasAsync();

        using var stop = new CancellationTokenSource();
        using var end = new CancellationTokenSource(TimeSpan.FromMinutes(12));
        var shopping = shoppers.Select(shopper => shopper.ShopAsync(stop.Token, end.Token)).ToList();
        try
        {
            foreach (var service in s_services) await shop.ReplaceAsync(service);
            await shop.ScaleAsync("payment", 3);
            Assert.Equal(3, (await shop.ReplicasAsync()).Count(replica => replica is { App: "payment", Healthy: true }));
            await shop.ScaleAsync("payment", 1);
        }
        finally
        {
            await stop.CancelAsync();
        }
        await Task.WhenAll(shopping);

        var after = await shop.ReplicasAsync();
        Assert.Equal(s_services.Order(), after.Select(replica => replica.App).Order());
        Assert.Empty(after.Select(replica => (replica.App, replica.Replica)).Intersect(before.Select(replica => (replica.App, replica.Replica))));
        var promises = new Promises([.. shoppers.Select(shopper => shopper.Buyer.Promises)], goods.Stock);
        var (facts, violations) = await Checker.SettleAsync(
            new FactReader(shop.Staff, promises), patience: TimeSpan.FromMinutes(3), silence: TimeSpan.FromSeconds(1));
        Chaos.Tell(
            $"rolling change behind {gateway}: {way.Requests} requests, {way.Failures.Count} failed, {facts.Orders.Count} orders, {violations.Count} violations, {time.Elapsed.TotalSeconds:0} s");
        Assert.True(way.Failures.IsEmpty && violations.Count == 0, string.Join('\n', [.. way.Failures, .. violations.Select(wrong => wrong.ToString())]));
        Assert.True(facts.Orders.Count > 100, "hardly anything was ordered");
    }

    /// <summary>A member who goes everywhere in the shop, and buys.</summary>
    private sealed class Shopper(Session member, Buyer buyer, string[] products)
    {
        private int _turn;

        public Buyer Buyer => buyer;

        public static async Task<Shopper> SignUpAsync(Door door, string[] products, CancellationToken until)
        {
            var member = await Session.SignUpAsync(door, until);
            return new Shopper(member, new Buyer(member, new Dictionary<string, int>()), products);
        }

        public async Task ShopAsync(CancellationToken stop, CancellationToken until)
        {
            while (!stop.IsCancellationRequested) await ShopOnceAsync(until);
        }

        public async Task ShopOnceAsync(CancellationToken until)
        {
            var product = products[_turn++ % products.Length];
            foreach (var path in (string[])["/", "/api/members/me", "/api/catalog/products?search=kettle", $"/api/catalog/products/{product}",
                $"/api/inventory/{product}", "/api/basket", "/api/shipping/rates?country=US&weight=900", "/api/notifications"])
                await member.TryAsync(HttpMethod.Get, path);
            var token = _turn % 5 == 0 ? "tok_declined" : "tok_ok";
            if (await buyer.OrderAsync([new Want(product, 1)], token, atOnce: 1, until) is not { } orderId) return;
            foreach (var path in (string[])[$"/api/orders/{orderId}", "/api/orders", $"/api/payments/{orderId}", $"/api/shipments/{orderId}"])
                await member.TryAsync(HttpMethod.Get, path);
        }
    }
}
