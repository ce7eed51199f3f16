using System.Diagnostics;

namespace DaprShop.Chaos.Tests;

/// <summary>A process dies at each point of the table; every order comes to rest, and nothing is lost and nothing happens twice.</summary>
[Collection(Chaos.Machine)]
public sealed class CrashPointTests
{
    private const int Members = 4;
    private const int AtOnce = 6;

    /// <summary>Some points are met only when a reminder comes.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Whoever_dies_at_whatever_point_every_order_comes_out_right()
    {
        Chaos.RequireAsked();
        // Parcels leave when staff say so, not in the middle of another case; no order is given up because a service came back late.
        await using var shop = await ShopProcess.StartAsync(
            "crash-points",
            ("Ordering__ReminderPeriod", "00:00:03"), ("Ordering__StepBudget", "00:02:00"), ("Shipping__DispatchAfter", "01:00:00"));
        Chaos.Tell($"{CrashPoints.All.Count} crash points; log: {shop.LogFile}");
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(20));
        var began = Stopwatch.GetTimestamp();
        var goods = new Goods(shop);
        var product = await goods.AddAsync(10_000, limit.Token);
        var basket = new Dictionary<string, int> { [product] = 99 };
        var buyers = await Task.WhenAll(Enumerable.Range(0, Members).Select(_ => Buyer.SignUpAsync(shop, basket, limit.Token)));
        var cases = CrashPoints.All.Select((point, i) => new Case(point, buyers[i % Members], product)).ToList();
        await Task.WhenAll(cases.Where(each => each.Point.Act is Act.Cancel or Act.Dispatch)
            .Select(each => each.PrepareAsync(limit.Token)));

        foreach (var batch in Batches(cases)) await RunAsync(batch, shop, limit.Token);
        Assert.True(await shop.SetFaultsAsync([]), "the runtime is not there");
        var lasted = Stopwatch.GetElapsedTime(began);
        await shop.OpenAsync(TimeSpan.FromMinutes(3));

        var promises = new Promises([.. buyers.Select(buyer => buyer.Promises)], goods.Stock);
        var (facts, violations) = await Checker.SettleAsync(
            new FactReader(shop.Staff, promises), patience: TimeSpan.FromMinutes(3), silence: TimeSpan.FromSeconds(5));
        var missed = cases.Where(each => !each.WasMet).Select(each => each.Point.Name).ToList();
        var unexpected = cases.Where(each => !each.EndedAsExpected(facts))
            .Select(each => $"{each.Point.Name}: {each.StatusIn(facts)}").ToList();
        Chaos.Tell(
            $"  {cases.Count - missed.Count} met in {lasted.TotalSeconds:0} s, {facts.Orders.Count} orders, "
            + $"{unexpected.Count} ended otherwise, {violations.Count} violations");
        Assert.True(missed.Count == 0, $"never met: {string.Join(" | ", missed)}");
        Assert.True(violations.Count == 0, string.Join('\n', violations.Select(violation =>
            $"{violation} [{cases.FirstOrDefault(each => each.OrderId == violation.About)?.Point.Name}]")));
        Assert.True(unexpected.Count == 0, string.Join('\n', unexpected));
    }

    /// <summary>A few at a time, of all kinds; those that count calls alone.</summary>
    private static IEnumerable<Case[]> Batches(IReadOnlyList<Case> cases)
    {
        var others = cases.Where(each => !each.Point.Counts).ToList();
        var count = (others.Count + AtOnce - 1) / AtOnce;
        return others.Index().GroupBy(each => each.Index % count, each => each.Item).Select(batch => batch.ToArray())
            .Concat(cases.Where(each => each.Point.Counts).Select(each => new[] { each }));
    }

    /// <summary>Sets the traps, has the orders walk into them, and waits until each has shut.</summary>
    private static async Task RunAsync(Case[] batch, ShopProcess shop, CancellationToken until)
    {
        Assert.True(await shop.SetFaultsAsync(batch.Select(each => each.Point.Fault)), "the runtime is not there");
        var acting = Task.WhenAll(batch.Select(each => each.ActAsync(shop, until)));
        using var patience = new CancellationTokenSource(s_patience);
        while (!batch.All(each => each.WasMet) && !patience.IsCancellationRequested)
        {
            await Task.Delay(50, CancellationToken.None);
            foreach (var (each, fault) in batch.Zip(await shop.FaultsAsync())) each.WasMet = fault.Hit == 1;
        }
        await acting;
    }

    private sealed class Case(CrashPoint point, Buyer buyer, string product)
    {
        public CrashPoint Point => point;

        public string? OrderId { get; private set; }

        /// <summary>Whether the process did die there.</summary>
        public bool WasMet { get; set; }

        /// <summary>An order, confirmed.</summary>
        public async Task PrepareAsync(CancellationToken until)
        {
            await OrderAsync("tok_ok", until);
            while ((await buyer.FindAsync(OrderId!, until))?.Status != "confirmed") await Task.Delay(100, until);
        }

        public string? StatusIn(Facts facts) => OrderId is null ? null
            : facts.Orders[OrderId].Order is { } order ? $"{order.Status} {order.Reason}" : "lost";

        public bool EndedAsExpected(Facts facts) => (StatusIn(facts), point.Act) is
            ("confirmed ", Act.Order) or ("rejected paymentDeclined", Act.OrderDeclined)
            or ("cancelled ", Act.Cancel) or ("shipped " or "delivered ", Act.Dispatch);

        public Task ActAsync(ShopProcess shop, CancellationToken until) => point.Act switch
        {
            Act.Order => OrderAsync("tok_ok", until),
            Act.OrderDeclined => OrderAsync("tok_declined", until),
            Act.Cancel => buyer.CancelAsync(OrderId!, until),
            _ => DispatchAsync(shop, until),
        };

        private async Task OrderAsync(string token, CancellationToken until) =>
            OrderId = await buyer.OrderAsync([new Want(product, 1)], token, atOnce: 1, until);

        private async Task DispatchAsync(ShopProcess shop, CancellationToken until)
        {
            while (!(await shop.Staff.InsistAsync(HttpMethod.Post, $"/api/shipments/{OrderId}/dispatch", until)).IsSuccess)
                await Task.Delay(100, until); // the courier has not heard of the confirmation yet
        }
    }
}
