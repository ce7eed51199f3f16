using CsCheck;
using DaprShop.Contracts;

namespace DaprShop.Inventory.Tests;

/// <summary>Orders and the stocks of their products, by example and for any sequence of commands.</summary>
public class ClaimTests
{
    private const string Kettle = "kettle-01";
    private const string Mug = "mug-01";

    [Fact]
    public void A_reservation_holds_every_line_and_a_commit_takes_them()
    {
        var shop = new Shelves((Kettle, 5), (Mug, 9));
        Assert.Equal(ClaimState.Reserved, shop.Reserve("a", (Kettle, 3), (Mug, 1))?.State);
        Assert.Equal((5, 3, 2), shop.Amounts(Kettle));
        Assert.Equal((9, 1, 8), shop.Amounts(Mug));
        Assert.Equal(ClaimState.Committed, shop.Commit("a")?.State);
        Assert.Equal((2, 0, 2), shop.Amounts(Kettle));
        Assert.Equal((8, 0, 8), shop.Amounts(Mug));
    }

    [Fact]
    public void What_is_not_there_is_named_nothing_is_held_and_that_stays_so()
    {
        var shop = new Shelves((Kettle, 2), (Mug, 9));
        var refused = shop.Reserve("a", (Mug, 1), (Kettle, 3), ("unheard-of", 1));
        Assert.Equal(ClaimState.OutOfStock, refused?.State);
        Assert.Equal([Kettle, "unheard-of"], refused?.Missing);
        shop.Count(Kettle, 100);
        Assert.Same(refused, shop.Reserve("a", (Mug, 1), (Kettle, 3)));
        Assert.Same(refused, shop.Release("a"));
        Assert.Same(refused, shop.Commit("a"));
        Assert.Equal((100, 0, 100), shop.Amounts(Kettle));
        Assert.Equal((9, 0, 9), shop.Amounts(Mug));
    }

    [Fact]
    public void The_same_command_again_changes_nothing()
    {
        var shop = new Shelves((Kettle, 5));
        var held = shop.Reserve("a", (Kettle, 3));
        Assert.Same(held, shop.Reserve("a", (Kettle, 3)));
        var taken = shop.Commit("a");
        Assert.Same(taken, shop.Commit("a"));
        Assert.Same(taken, shop.Reserve("a", (Kettle, 3)));
        Assert.Equal((2, 0, 2), shop.Amounts(Kettle));
        var back = shop.Release("a");
        Assert.Equal(ClaimState.Restocked, back?.State);
        Assert.Same(back, shop.Release("a"));
        Assert.Same(back, shop.Commit("a"));
        Assert.Same(back, shop.Reserve("a", (Kettle, 3)));
        Assert.Equal((5, 0, 5), shop.Amounts(Kettle));
    }

    [Fact]
    public void A_reservation_that_comes_after_its_release_gets_nothing()
    {
        var shop = new Shelves((Kettle, 5));
        shop.Release("a");
        Assert.Equal(ClaimState.Released, shop.Reserve("a", (Kettle, 1))?.State);
        Assert.Equal((5, 0, 5), shop.Amounts(Kettle));
    }

    [Fact]
    public void A_commit_of_an_order_nobody_heard_of_leaves_no_trace()
    {
        var shop = new Shelves((Kettle, 5));
        Assert.Null(shop.Commit("a"));
        Assert.Equal(ClaimState.Reserved, shop.Reserve("a", (Kettle, 1))?.State);
    }

    [Fact]
    public void Time_frees_what_was_reserved_and_a_commit_then_fails()
    {
        var shop = new Shelves((Kettle, 5), (Mug, 5));
        shop.Reserve("a", (Kettle, 3), (Mug, 1));
        shop.Now = shop.Later;
        Assert.Equal(ClaimState.Expired, shop.Commit("a")?.State);
        Assert.Equal((5, 0, 5), shop.Amounts(Kettle));
        Assert.Equal(ClaimState.Expired, shop.Reserve("a", (Kettle, 3), (Mug, 1))?.State);
        Assert.Equal(ClaimState.Expired, shop.Release("a")?.State);
    }

    [Fact]
    public void A_hold_that_a_faster_clock_has_freed_from_one_product_is_over_for_all()
    {
        var shop = new Shelves((Kettle, 5), (Mug, 5));
        shop.Reserve("a", (Kettle, 3), (Mug, 1));
        shop.ExpireByAnotherClock(Kettle, shop.Later);
        Assert.Equal((5, 1, 4), shop.Amounts(Mug));
        Assert.Equal(ClaimState.Expired, shop.Commit("a")?.State);
        Assert.Equal((5, 0, 5), shop.Amounts(Kettle));
        Assert.Equal((5, 0, 5), shop.Amounts(Mug));
    }

    [Fact]
    public void A_reservation_that_arrives_after_its_time_is_none()
    {
        var shop = new Shelves((Kettle, 5));
        shop.Now = shop.Later;
        Assert.Equal(ClaimState.Expired, shop.Reserve("a", (Kettle, 1))?.State);
        Assert.Equal((5, 0, 5), shop.Amounts(Kettle));
    }

    [Fact]
    public void A_count_below_what_is_reserved_is_refused()
    {
        var stock = Stock.Untouched(5).Hold("a", new Reservation(3, DateTimeOffset.MaxValue));
        Assert.Null(stock.Count(2));
        Assert.Null(stock.Count(Stock.MaxOnHand + 1));
        Assert.Equal(3, stock.Count(3)?.OnHand);
        Assert.Same(stock, stock.Count(5));
    }

    [Fact]
    public void A_correction_counts_once_and_an_unknown_shelf_takes_none()
    {
        var (command, now) = (new CorrectCommand("staff-1", Delta: 2, Reason: "found"), DateTimeOffset.UnixEpoch);
        var before = new Dictionary<string, Stock> { [Kettle] = Stock.Untouched(5) };
        var (record, after) = Correction.Decide(null, command, Kettle, before, now);
        Assert.Equal(new StockLevel(Kettle, 7, 0, 7), record?.Level);
        Assert.Equal(7, after[Kettle].OnHand);
        Assert.Same(after, Correction.Decide(record, command, Kettle, after, now).Stocks);
        var unknown = new Dictionary<string, Stock> { [Kettle] = Stock.Unknown };
        Assert.Null(Correction.Decide(null, command, Kettle, unknown, now).Record);
        Assert.Null(Correction.Decide(null, command with { Delta = -6 }, Kettle, before, now).Record);
    }

    [Fact]
    public void Whatever_is_asked_in_whatever_order_it_is_all_or_nothing_and_nothing_is_oversold()
    {
        var order = Gen.Int[0, 4].Select(i => $"order-{i}");
        var product = Gen.Int[0, 2].Select(i => $"product-{i}");
        var lines = Gen.Select(product, Gen.Int[1, 4]).Array[1, 3].Select(wanted => wanted.DistinctBy(line => line.Item1).ToArray());
        var step = Gen.OneOf(
            Gen.Select(order, lines, Gen.Int[1, 10], (id, wanted, minutes) =>
                (Action<Shelves>)(shop => shop.Reserve(id, shop.Now.AddMinutes(minutes), wanted))),
            order.Select(id => (Action<Shelves>)(shop => shop.Commit(id))),
            order.Select(id => (Action<Shelves>)(shop => shop.Release(id))),
            Gen.Select(product, Gen.Int[0, 12], (id, onHand) => (Action<Shelves>)(shop => shop.Count(id, onHand))),
            Gen.Select(product, Gen.Int[0, 6], (id, minutes) =>
                (Action<Shelves>)(shop => shop.ExpireByAnotherClock(id, shop.Now.AddMinutes(minutes)))),
            Gen.Int[0, 6].Select(minutes => (Action<Shelves>)(shop => shop.Now = shop.Now.AddMinutes(minutes))));
        Gen.Select(Gen.Int[0, 10].Array[3], step.Array[0, 40]).Sample((initial, steps) =>
        {
            var shop = new Shelves([.. initial.Select((onHand, i) => ($"product-{i}", onHand))]);
            foreach (var next in steps)
            {
                var now = shop.Now;
                next(shop);
                if (now == shop.Now)
                {
                    var once = shop.Snapshot();
                    next(shop);
                    Assert.Equal(once, shop.Snapshot());
                }

                shop.Check();
            }
        });
    }

    /// <summary>Stocks and the claims on them, kept as the store keeps them.</summary>
    private sealed class Shelves(params (string ProductId, int OnHand)[] initial)
    {
        private static readonly DateTimeOffset s_start = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

        private readonly Dictionary<string, Stock> _stocks =
            initial.ToDictionary(product => product.ProductId, product => Stock.Untouched(product.OnHand));

        private readonly Dictionary<string, Claim> _claims = [];
        private readonly Dictionary<string, int> _corrected = [];

        public DateTimeOffset Now { get; set; } = s_start;

        public DateTimeOffset Later => s_start.AddMinutes(5);

        public (int OnHand, int Reserved, int Available) Amounts(string product) =>
            (_stocks[product].OnHand, _stocks[product].Reserved, _stocks[product].Available);

        public Claim? Reserve(string order, params (string ProductId, int Quantity)[] lines) => Reserve(order, Later, lines);

        public Claim? Reserve(string order, DateTimeOffset until, params (string ProductId, int Quantity)[] lines)
        {
            StockLine[] wanted = [.. lines.Select(line => new StockLine(line.ProductId, line.Quantity))];
            return Step(order, wanted, (claim, stocks) => Claim.Reserve(claim, order, wanted, until, stocks, Now));
        }

        public Claim? Commit(string order) => Step(order, [], (claim, stocks) => Claim.Commit(claim, order, stocks));

        public Claim? Release(string order) => Step(order, [], (claim, stocks) => Claim.Release(claim, order, stocks));

        public void Count(string product, int onHand)
        {
            var stock = _stocks[product].Expire(Now);
            if (stock.Count(onHand) is not { } counted) return;
            _corrected[product] = _corrected.GetValueOrDefault(product) + counted.OnHand - stock.OnHand;
            Put(product, counted);
        }

        /// <summary>Another replica, whose clock is ahead, touches the product.</summary>
        public void ExpireByAnotherClock(string product, DateTimeOffset now) => Put(product, _stocks[product].Expire(now));

        public string Snapshot() =>
            string.Join(';', _stocks.OrderBy(stock => stock.Key).Select(stock => $"{stock.Key}@{stock.Value.Version}")) +
            string.Join(';', _claims.OrderBy(claim => claim.Key).Select(claim => $"{claim.Key}:{claim.Value.State}"));

        public void Check()
        {
            foreach (var (product, onHand) in initial)
            {
                var stock = _stocks[product];
                Assert.InRange(stock.Reserved, 0, stock.OnHand);
                Assert.Equal(onHand + _corrected.GetValueOrDefault(product) - Claimed(product, ClaimState.Committed), stock.OnHand);
                Assert.All(stock.Reservations, held =>
                    Assert.Equal(ClaimState.Reserved, _claims[held.Key].State));
            }
        }

        private int Claimed(string product, ClaimState state) => _claims.Values
            .Where(claim => claim.State == state)
            .SelectMany(claim => claim.Lines)
            .Where(line => line.ProductId == product)
            .Sum(line => line.Quantity);

        private Claim? Step(
            string order, StockLine[] wanted, Func<Claim?, IReadOnlyDictionary<string, Stock>, Decision<Claim>> decide)
        {
            var known = _claims.GetValueOrDefault(order);
            var stocks = wanted.Concat(known?.Lines ?? []).Select(line => line.ProductId).Distinct()
                .ToDictionary(id => id, id => _stocks.GetValueOrDefault(id, Stock.Unknown).Expire(Now));
            var (claim, after) = decide(known, stocks);
            Assert.Equal(stocks.Keys.Order(), after.Keys.Order());
            foreach (var (id, stock) in after.Where(stock => stock.Value.IsKnown)) Put(id, stock);
            if (claim is not null) _claims[order] = claim;
            return claim;
        }

        private void Put(string product, Stock stock)
        {
            Assert.Equal(ReferenceEquals(stock, _stocks[product]), stock.Version == _stocks[product].Version);
            _stocks[product] = stock;
        }
    }
}
