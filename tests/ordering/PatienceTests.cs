namespace DaprShop.Ordering.Tests;

/// <summary>What comes of a step that is tried for as long as it may be. In a shop of its own, which waits for nobody that long.</summary>
public class PatienceTests(PatienceTests.HastyShop own) : IClassFixture<PatienceTests.HastyShop>
{
    public sealed class HastyShop : IAsyncLifetime
    {
        public OrderingShop Shop { get; } = new() { CallTimeout = TimeSpan.FromSeconds(4), StepBudget = TimeSpan.FromSeconds(8) };

        public ValueTask InitializeAsync() => Shop.InitializeAsync();

        public ValueTask DisposeAsync() => Shop.DisposeAsync();
    }

    [Fact]
    public async Task A_payment_that_never_comes_about_rejects_the_order()
    {
        var order = await own.Shop.NewMember().Place(Member.Order(token: "tok_timeout"));

        await OrderLifeTests.IsRejected(own.Shop, order, RejectReason.PaymentUnavailable);
    }
}
