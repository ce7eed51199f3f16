using DaprShop.Testing;

namespace DaprShop.Chaos.Tests;

/// <summary>Buyers in a shop where everything that can go wrong does, until it stops; then nothing may be wrong.</summary>
[Collection(Chaos.Machine)]
public sealed class ChaosTests
{
    private const int Buyers = 6;
    private const int InBasket = 99;
    private const int OrdersOfABasketProduct = 80;

    private static readonly string[] s_tokens =
    [
        "tok_ok", "tok_ok", "tok_ok", "tok_ok", "tok_ok", "tok_ok", "tok_declined", "tok_insufficient_funds", "tok_flaky", "tok_slow",
        "tok_timeout", "tok_lost_reply",
    ];

    /// <summary>Clients give up last.</summary>
    private static readonly TimeSpan s_afterwards = TimeSpan.FromMinutes(3);

    /// <summary>Reservations run out while orders are on their way, and parcels leave while they are being cancelled.</summary>
    private static readonly (string, string)[] s_hasty =
        [("Ordering__ReservationTime", "00:00:10"), ("Shipping__DispatchAfter", "00:00:05"), ("Shipping__DeliverAfter", "00:00:05")];

    [Theory]
    [InlineData("its own broker")]
    [InlineData("Redis")]
    public async Task Nothing_is_lost_and_nothing_happens_twice(string eventsIn)
    {
        Chaos.RequireAsked();
        if (eventsIn == "Redis") Assert.SkipWhen(RedisServer.IsMissing, "redis-server is not installed.");
        await using var shop = await (eventsIn == "Redis"
            ? ShopProcess.StartOnRedisAsync("random-redis", s_hasty)
            : ShopProcess.StartAsync("random", s_hasty));
        Chaos.Tell($"events in {eventsIn}, random faults for {Chaos.Duration.TotalSeconds:0} s, DAPRSHOP_CHAOS_SEED={Chaos.Seed}; log: {shop.LogFile}");
        using var begin = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        var goods = new Goods(shop);
        var plenty = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => goods.AddAsync(100_000, begin.Token)));
        var scarce = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => goods.AddAsync(15, begin.Token)));
        var basket = plenty.ToDictionary(id => id, _ => InBasket);
        var buyers = await Task.WhenAll(Enumerable.Range(0, Buyers).Select(_ => Buyer.SignUpAsync(shop, basket, begin.Token)));

        using var stop = new CancellationTokenSource(Chaos.Duration);
        using var end = new CancellationTokenSource(Chaos.Duration + s_afterwards);
        var monkey = new Monkey(shop, Chaos.Seed);
        var overbooked = new List<StockDoc>();
        await Task.WhenAll(
            [
                monkey.RunAsync(stop.Token),
                RestockAsync(goods, scarce, stop.Token, end.Token),
                WatchAsync(shop, scarce, overbooked, stop.Token),
                .. buyers.Select((buyer, i) => BuyAsync(buyer, plenty, scarce, new Random(Chaos.Seed + i), stop.Token, end.Token)),
            ]);

        var promises = new Promises([.. buyers.Select(buyer => buyer.Promises)], goods.Stock);
        var (facts, violations) = await Checker.SettleAsync(
            new FactReader(shop.Staff, promises), patience: TimeSpan.FromMinutes(3), silence: TimeSpan.FromSeconds(5));

        var statuses = facts.Orders.Values.CountBy(order => order.Order is { } found ? $"{found.Status} {found.Reason}".Trim() : "lost");
        Chaos.Tell(
            $"""
              orders: {facts.Orders.Count} accepted ({Told(statuses)}), {buyers.Sum(buyer => buyer.Refused)} refused
              duplicate posts: {buyers.Sum(buyer => buyer.Duplicates)}
              cancelled: {buyers.Sum(buyer => buyer.Promises.Cancelled.Count)}
              messages told: {facts.Members.Sum(member => member.Notifications.Count)}
              done to them: {Told(monkey.Done)}
              violations: {violations.Count}
            """);
        Assert.Empty(overbooked);
        Assert.Empty(buyers.SelectMany(buyer => buyer.Doubled));
        Assert.True(violations.Count == 0, string.Join('\n', violations));
        Assert.True(facts.Orders.Count > Chaos.Duration.TotalSeconds / 10, "hardly anything was ordered");
    }

    private static string Told(IEnumerable<KeyValuePair<string, int>> counts) =>
        string.Join(", ", counts.OrderByDescending(each => each.Value).Select(each => $"{each.Value} × {each.Key}"));

    private static async Task BuyAsync(
        Buyer buyer, string[] plenty, string[] scarce, Random random, CancellationToken stop, CancellationToken until)
    {
        var cancels = new List<Task>();
        for (var ordered = 0; !stop.IsCancellationRequested; ordered++)
        {
            List<Want> wants = [];
            if (ordered / OrdersOfABasketProduct is var i && i < plenty.Length) wants.Add(new Want(plenty[i], 1));
            if (wants.Count == 0 || random.Next(2) == 0) wants.Add(new Want(random.GetItems(scarce, 1)[0], random.Next(1, 4)));
            var orderId = await buyer.OrderAsync(wants, random.GetItems(s_tokens, 1)[0], atOnce: random.Next(3) == 0 ? 3 : 1, until);
            if (orderId is not null && random.Next(4) == 0) cancels.Add(CancelAsync(buyer, orderId, random.Next(5000), until));
            await Task.Delay(random.Next(200, 1200), CancellationToken.None);
        }
        await Task.WhenAll(cancels);
    }

    private static async Task CancelAsync(Buyer buyer, string orderId, int afterMilliseconds, CancellationToken until)
    {
        await Task.Delay(afterMilliseconds, CancellationToken.None);
        await buyer.CancelAsync(orderId, until);
    }

    private static async Task RestockAsync(Goods goods, string[] scarce, CancellationToken stop, CancellationToken until)
    {
        var random = new Random(Chaos.Seed);
        while (!stop.IsCancellationRequested)
        {
            await goods.AdjustAsync(random.GetItems(scarce, 1)[0], random.Next(1, 6), until);
            await Task.Delay(2000, CancellationToken.None);
        }
    }

    /// <summary>At every instant: never more reserved than there is.</summary>
    private static async Task WatchAsync(ShopProcess shop, string[] scarce, List<StockDoc> overbooked, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            foreach (var productId in scarce)
                if (await shop.Door.TryAsync(HttpMethod.Get, $"/api/inventory/{productId}") is { Status: 200 } answer
                    && answer.Read<StockDoc>() is var stock && (stock.OnHand < 0 || stock.Reserved < 0 || stock.Reserved > stock.OnHand))
                    overbooked.Add(stock);
            await Task.Delay(200, CancellationToken.None);
        }
    }
}
