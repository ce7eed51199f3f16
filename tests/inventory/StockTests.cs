using CsCheck;

namespace DaprShop.Inventory.Tests;

/// <summary>The stock of one product, by example and for any sequence of commands.</summary>
public class StockTests
{
    private static readonly DateTimeOffset s_now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset s_later = s_now.AddMinutes(5);

    [Fact]
    public void A_reservation_holds_and_a_commit_takes()
    {
        var shelf = new Shelf(5);
        Assert.Equal(ClaimState.Reserved, shelf.Reserve("a", 3).State);
        Assert.Equal((5, 3, 2), shelf.Amounts);
        Assert.Equal(ClaimState.Committed, shelf.Commit("a").State);
        Assert.Equal((2, 0, 2), shelf.Amounts);
    }

    [Fact]
    public void What_is_not_there_is_refused_for_ever()
    {
        var shelf = new Shelf(2);
        var refused = shelf.Reserve("a", 3);
        Assert.Equal(ClaimState.OutOfStock, refused.State);
        Assert.Equal(["kettle-01"], refused.Missing);
        shelf.Count(100);
        Assert.Equal(refused, shelf.Reserve("a", 3));
        Assert.Equal((100, 0, 100), shelf.Amounts);
    }

    [Fact]
    public void The_same_command_again_changes_nothing()
    {
        var shelf = new Shelf(5);
        shelf.Reserve("a", 3);
        var held = shelf.Stock;
        shelf.Reserve("a", 3);
        Assert.Same(held, shelf.Stock);
        shelf.Commit("a");
        var taken = shelf.Stock;
        shelf.Commit("a");
        shelf.Reserve("a", 3);
        Assert.Same(taken, shelf.Stock);
        shelf.Release("a");
        var back = shelf.Stock;
        Assert.Equal((5, 0, 5), shelf.Amounts);
        shelf.Release("a");
        shelf.Commit("a");
        shelf.Reserve("a", 3);
        Assert.Same(back, shelf.Stock);
    }

    [Fact]
    public void A_reservation_that_comes_after_its_release_gets_nothing()
    {
        var shelf = new Shelf(5);
        shelf.Release("a");
        Assert.Equal(ClaimState.Released, shelf.Reserve("a", 1).State);
        Assert.Equal((5, 0, 5), shelf.Amounts);
    }

    [Fact]
    public void A_release_because_another_product_was_lacking_says_so_ever_after()
    {
        var shelf = new Shelf(5);
        shelf.Reserve("a", 2);
        shelf.Release("a", ["teapot-01"]);
        Assert.Equal(["teapot-01"], shelf.Reserve("a", 2).Missing);
        Assert.Equal((5, 0, 5), shelf.Amounts);
    }

    [Fact]
    public void Time_frees_what_was_reserved_and_a_commit_then_fails()
    {
        var shelf = new Shelf(5);
        shelf.Reserve("a", 3);
        shelf.Now = s_later;
        Assert.Equal(ClaimState.Expired, shelf.Commit("a").State);
        Assert.Equal((5, 0, 5), shelf.Amounts);
        Assert.Equal(ClaimState.Expired, shelf.Reserve("a", 3).State);
    }

    [Fact]
    public void A_reservation_that_arrives_after_its_time_is_none()
    {
        var shelf = new Shelf(5) { Now = s_later };
        Assert.Equal(ClaimState.Expired, shelf.Reserve("a", 1).State);
        Assert.Equal((5, 0, 5), shelf.Amounts);
    }

    [Fact]
    public void A_count_below_what_is_reserved_is_refused()
    {
        var shelf = new Shelf(5);
        shelf.Reserve("a", 3);
        Assert.Null(shelf.Stock.Count(2));
        Assert.Null(shelf.Stock.Count(Stock.MaxOnHand + 1));
        Assert.Equal(3, shelf.Stock.Count(3)?.OnHand);
    }

    [Fact]
    public void Whatever_is_asked_in_whatever_order_nothing_is_oversold()
    {
        var order = Gen.Int[0, 4].Select(i => $"order-{i}");
        var step = Gen.OneOf<Step>(
            Gen.Select(order, Gen.Int[1, 4], Gen.Int[1, 10], (id, quantity, minutes) => new Step.Reserve(id, quantity, minutes)),
            order.Select(id => new Step.Commit(id)),
            order.Select(id => new Step.Release(id, null)),
            order.Select(id => new Step.Release(id, ["teapot-01"])),
            Gen.Int[0, 12].Select(onHand => new Step.Count(onHand)),
            Gen.Int[0, 6].Select(minutes => new Step.Wait(minutes)));
        Gen.Select(Gen.Int[0, 10], step.Array[0, 40]).Sample((initial, steps) =>
        {
            var shelf = new Shelf(initial);
            foreach (var next in steps)
            {
                var before = shelf.Stock;
                next.Do(shelf);
                next.DoAgain(shelf);
                Assert.InRange(shelf.Stock.Reserved, 0, shelf.Stock.OnHand);
                Assert.Equal(shelf.Claimed(ClaimState.Reserved), shelf.Stock.Reserved);
                Assert.Equal(initial + shelf.Corrected - shelf.Claimed(ClaimState.Committed), shelf.Stock.OnHand);
                Assert.Equal(before == shelf.Stock, before.Version == shelf.Stock.Version);
            }
        });
    }

    private abstract record Step
    {
        public abstract void Do(Shelf shelf);

        /// <summary>A duplicate of a command changes nothing; that is checked right here.</summary>
        public virtual void DoAgain(Shelf shelf)
        {
            var before = shelf.Stock;
            Do(shelf);
            Assert.Same(before, shelf.Stock);
        }

        public sealed record Reserve(string OrderId, int Quantity, int Minutes) : Step
        {
            public override void Do(Shelf shelf) => shelf.Reserve(OrderId, Quantity, shelf.Now.AddMinutes(Minutes));
        }

        public sealed record Commit(string OrderId) : Step
        {
            public override void Do(Shelf shelf) => shelf.Commit(OrderId);
        }

        public sealed record Release(string OrderId, string[]? Missing) : Step
        {
            public override void Do(Shelf shelf) => shelf.Release(OrderId, Missing);
        }

        public sealed record Count(int OnHand) : Step
        {
            public override void Do(Shelf shelf) => shelf.Count(OnHand);
        }

        public sealed record Wait(int Minutes) : Step
        {
            public override void Do(Shelf shelf) => shelf.Now = shelf.Now.AddMinutes(Minutes);

            public override void DoAgain(Shelf shelf)
            {
            }
        }
    }

    /// <summary>A stock and the claims on it, kept as the actor keeps them.</summary>
    private sealed class Shelf(int onHand)
    {
        public Stock Stock { get; private set; } = Stock.Untouched(onHand);

        private Dictionary<string, Claim> Claims { get; } = [];

        public DateTimeOffset Now { get; set; } = s_now;

        public int Corrected { get; private set; }

        public (int OnHand, int Reserved, int Available) Amounts => (Stock.OnHand, Stock.Reserved, Stock.Available);

        public int Claimed(ClaimState state) => Claims.Values.Where(claim => claim.State == state).Sum(claim => claim.Quantity);

        public Claim Reserve(string orderId, int quantity, DateTimeOffset? until = null) => Turn(orderId, claim =>
            Stock.Reserve("kettle-01", orderId, claim, new Reservation(quantity, until ?? s_later), Now));

        public Claim Commit(string orderId) => Turn(orderId, claim => Stock.Commit(orderId, claim));

        public Claim Release(string orderId, string[]? missing = null) => Turn(orderId, claim => Stock.Release(orderId, claim, missing));

        public void Count(int count)
        {
            Expire();
            if (Stock.Count(count) is not { } counted) return;
            Corrected += counted.OnHand - Stock.OnHand;
            Stock = counted;
        }

        private Claim Turn(string orderId, Func<Claim, (Stock, Claim)> decide)
        {
            Expire();
            (Stock, var claim) = decide(Claims.GetValueOrDefault(orderId, Claim.None));
            Claims[orderId] = claim;
            return claim;
        }

        private void Expire()
        {
            (Stock, var expired) = Stock.Expire(Now);
            foreach (var (orderId, claim) in expired) Claims[orderId] = claim;
        }
    }
}
