namespace DaprShop.Chaos.Tests;

/// <summary>The checker finds nothing wrong with an honest shop, and finds out every broken participant.</summary>
public sealed class CheckerTests
{
    private static readonly Dictionary<string, (string Invariant, Func<FakeShop> Shop)> s_broken = new()
    {
        ["inventory that sells what it has not"] = ("I1", () => new FakeShop { Inventory = new Overselling() }),
        ["inventory that leaves on the shelf what is sold"] = ("I1", () => new FakeShop { Inventory = new NeverCommitting() }),
        ["inventory that takes the same order off twice"] = ("I1", () => new FakeShop { Inventory = new CommittingTwice() }),
        ["payment that captures at each retry"] = ("I2", () => new FakeShop { Payment = new CapturingTwice() }),
        ["payment that never captures"] = ("I2", () => new FakeShop { Payment = new NeverCapturing() }),
        ["payment that keeps the money of a cancelled order"] = ("I2", () => new FakeShop { Payment = new NeverRefunding() }),
        ["payment whose books do not balance"] = ("I2", () => new FakeShop { Payment = new Miscounting() }),
        ["payment whose books lack a step"] = ("I2", () => new FakeShop { Payment = new ForgettingToPost() }),
        ["ordering that leaves an order half-way"] = ("I3", () => new FakeShop { ReadModel = new StuckHalfWay() }),
        ["ordering that says yes to a cancel and goes on"] = ("I3", () => new FakeShop { IgnoresCancels = true }),
        ["ordering that loses an order"] = ("I3", () => new FakeShop { ReadModel = new Losing() }),
        ["notification that tells of every copy of an event"] = ("I4", () => new FakeShop { Inbox = new TellingTwice() }),
        ["notification that does not hear"] = ("I4", () => new FakeShop { Inbox = new Deaf() }),
        ["a basket that is emptied of every copy of an event"] = ("I4", () => new FakeShop { Basket = new TakingOutTwice() }),
        ["a basket that is not emptied"] = ("I4", () => new FakeShop { Basket = new NeverTakingOut() }),
        ["a read model that shows the version before"] = ("I4", () => new FakeShop { ReadModel = new OneBehind() }),
        ["inventory that holds on to what was released"] = ("I5", () => new FakeShop { Inventory = new NeverReleasing() }),
        ["payment that holds on to an authorisation"] = ("I5", () => new FakeShop { Payment = new NeverVoiding() }),
        ["shipping that sends the parcel of a cancelled order"] = ("I5", () => new FakeShop { Shipping = new NeverCancelling() }),
    };

    public static TheoryData<string> Broken => [.. s_broken.Keys];

    [Fact]
    public async Task Nothing_is_wrong_with_an_honest_shop()
    {
        var facts = await OpenedAsync(new FakeShop());
        Assert.Empty(Checker.Check(facts));
        Assert.Equal(
            ["confirmed", "cancelled", "rejected", "confirmed", "rejected"],
            facts.Members[0].Listed.Select(id => facts.Orders[id].Order!.Status));
    }

    [Theory, MemberData(nameof(Broken))]
    public async Task A_broken_participant_is_found_out(string participant)
    {
        var (invariant, shop) = s_broken[participant];
        var violations = Checker.Check(await OpenedAsync(shop()));
        Assert.Contains(violations, violation => violation.Invariant == invariant);
    }

    [Fact]
    public void Each_invariant_has_its_broken_participant() =>
        Assert.Equal(["I1", "I2", "I3", "I4", "I5"], s_broken.Values.Select(each => each.Invariant).Distinct().Order());

    /// <summary>One order of each end; the last wants more than there is.</summary>
    private static async Task<Facts> OpenedAsync(FakeShop shop)
    {
        shop.Order(3, "confirmed");
        shop.Order(2, "cancelled");
        shop.Order(2, "declined");
        shop.Order(1, "confirmed");
        shop.Order(7, "confirmed");
        return await shop.Open().Reader.ReadAsync(default);
    }

    private sealed class Overselling : FakeInventory
    {
        public override bool Reserve(string order, int quantity)
        {
            Hold(order, quantity);
            return true;
        }
    }

    private sealed class NeverCommitting : FakeInventory
    {
        public override void Commit(string order)
        {
        }
    }

    private sealed class CommittingTwice : FakeInventory
    {
        public override void Commit(string order)
        {
            base.Commit(order);
            OnHand--;
        }
    }

    private sealed class NeverReleasing : FakeInventory
    {
        public override void Release(string order)
        {
        }
    }

    private sealed class CapturingTwice : FakePayment
    {
        public override void Capture(string order) => Take(order);
    }

    private sealed class NeverCapturing : FakePayment
    {
        public override void Capture(string order)
        {
        }
    }

    private sealed class NeverRefunding : FakePayment
    {
        public override void Reverse(string order)
        {
            if (Find(order)?.Status == "authorized") base.Reverse(order);
        }
    }

    private sealed class NeverVoiding : FakePayment
    {
        public override void Reverse(string order)
        {
            if (Find(order)?.Status == "captured") base.Reverse(order);
        }
    }

    private sealed class Miscounting : FakePayment
    {
        protected override void Post(string order, string step, params (string Account, long Amount)[] entries) =>
            base.Post(order, step, [.. entries[1..], (entries[0].Account, entries[0].Amount + 1)]);
    }

    private sealed class ForgettingToPost : FakePayment
    {
        protected override void Post(string order, string step, params (string Account, long Amount)[] entries)
        {
            if (step != "captured") base.Post(order, step, entries);
        }
    }

    private sealed class NeverCancelling : FakeShipping
    {
        public override void Cancel(string order)
        {
        }
    }

    private sealed class TellingTwice : FakeInbox
    {
        public override void Tell(string kind, string order) => Keep(kind, order);
    }

    private sealed class Deaf : FakeInbox
    {
        public override void Tell(string kind, string order)
        {
        }
    }

    private sealed class TakingOutTwice : FakeBasket
    {
        public override void TakeOut(string order, int quantity) => Left -= quantity;
    }

    private sealed class NeverTakingOut : FakeBasket
    {
        public override void TakeOut(string order, int quantity)
        {
        }
    }

    private sealed class StuckHalfWay : FakeReadModel
    {
        public override void Show(OrderDoc order)
        {
            if (order.Version <= 2) base.Show(order);
        }
    }

    private sealed class OneBehind : FakeReadModel
    {
        public override void Show(OrderDoc order) => base.Show(order with { Version = order.Version - 1 });
    }

    private sealed class Losing : FakeReadModel
    {
        public override void Show(OrderDoc order)
        {
            base.Show(order);
            if (order.Status == "rejected") Forget(order.Id);
        }
    }
}
