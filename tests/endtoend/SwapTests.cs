using DaprShop.Testing;

namespace DaprShop.EndToEnd.Tests;

/// <summary>A service changes its language and changes back, while orders are under way.</summary>
public sealed class SwapTests
{
    private static readonly Dictionary<string, string> s_node = new() { ["shipping"] = "node" };

    [Fact]
    public async Task Orders_placed_before_during_and_after_all_arrive_and_what_was_cancelled_stays_so()
    {
        SharedShop.RequireOwn();
        Assert.SkipWhen(OtherImplementations.IsNodeMissing, "Node.js is not installed.");
        await using var local = await LocalShop.StartInProcessAsync(
            ("Shipping__DispatchAfter", "00:00:06"), ("Shipping__DeliverAfter", "00:00:04"));
        var product = await local.Shop.NewProductAsync(stock: 50);
        var member = await local.Shop.NewMemberAsync();
        var placed = new List<string>();
        var cancelled = new List<string>();

        await OrderAsync();
        await local.RestartAsync(s_node);
        await OrderAsync();
        await local.RestartAsync(new Dictionary<string, string>());
        await OrderAsync();

        foreach (var order in placed)
        {
            var delivered = await member.UntilAsync(order, "delivered", seconds: 120);
            Assert.Equal(delivered.Total.Amount, (await member.PaymentOfAsync(order)).Captured);
            Assert.Equal("delivered", (await ShipmentAsync(order)).Status);
        }
        foreach (var order in cancelled)
        {
            await member.UntilAsync(order, "cancelled");
            var payment = await member.PaymentOfAsync(order);
            Assert.Equal(payment.Captured, payment.Refunded);
            Assert.Equal("cancelled", (await ShipmentAsync(order)).Status);
        }
        await local.Shop.UntilStockAsync(product.Id, onHand: 50 - placed.Count, reserved: 0);

        // Two that go their way, one of them not followed to its confirmation, and one that is called back.
        async Task OrderAsync()
        {
            member = local.Shop.Bearer(
                (await local.Shop.SignInAsync(member.Credentials!.Email, member.Credentials.Password)).AccessToken, member.Credentials);
            foreach (var order in placed.Concat(cancelled)) await member.OrderOfAsync(order);
            // On a slow machine a parcel may have left before it can be called back; then the next.
            for (var isCancelled = false; !isCancelled;)
            {
                var doomed = await member.OrderAsync(product.Id);
                Assert.Equal("confirmed", doomed.Status);
                using var answer = await member.PostAsync($"/api/orders/{doomed.Id}/cancel");
                isCancelled = answer.StatusCode == System.Net.HttpStatusCode.Accepted;
                if (!isCancelled) Assert.Equal(System.Net.HttpStatusCode.Conflict, answer.StatusCode);
                (isCancelled ? cancelled : placed).Add(doomed.Id);
            }
            placed.Add((await member.OrderAsync(product.Id)).Id);
            placed.Add((await member.SubmitAsync(product.Id)).Id);
        }

        Task<ShipmentDoc> ShipmentAsync(string order) => member.GetAsync($"/api/shipments/{order}").ReadAsync<ShipmentDoc>();
    }
}
