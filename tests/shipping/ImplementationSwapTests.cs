using System.Net.Http.Json;
using System.Text.Json;
using DaprShop.Testing;

namespace DaprShop.Shipping.Tests;

/// <summary>One implementation takes over from the other on the same data, and back: parcels, tombstones, couriers' lists, reminders.</summary>
public sealed class ImplementationSwapTests : IAsyncDisposable
{
    private static readonly (string, string)[] s_times =
        [("Shipping__DispatchAfter", "00:00:02"), ("Shipping__DeliverAfter", "00:00:02"), ("Shipping__RoundEvery", "00:00:00.200")];

    private readonly string _data = Directory.CreateTempSubdirectory("daprshop-").FullName;

    [Theory]
    [InlineData("dotnet", "node", "dotnet")]
    [InlineData("node", "dotnet", "node")]
    public async Task Nothing_is_lost(params string[] implementations)
    {
        NodeShippingShop.RequireNode();
        var replies = new Dictionary<string, string>();
        var cancelled = new List<string>();
        var number = 0;
        foreach (var implementation in implementations)
        {
            await using var shop = new SettingsShop(implementation, s_times, _data);
            await shop.InitializeAsync();
            // All that was, is: the same command has the same answer, and a tombstone holds.
            foreach (var (order, tracking) in replies) Assert.Equal(("created", tracking), await CreatedAsync(shop, order));
            foreach (var order in cancelled) Assert.Equal("cancelled", (await shop.CreateAsync(order)).Outcome);

            for (var parcel = 0; parcel < 4; parcel++)
            {
                var order = ShippingShop.NewOrder();
                replies[order] = (await CreatedAsync(shop, order)).Tracking;
                // Confirmed, and left to whoever comes next; the last implementation delivers all.
                await shop.ConfirmAsync(order);
            }
            foreach (var wasThere in new[] { true, false })
            {
                var order = ShippingShop.NewOrder();
                if (wasThere) await shop.CreateAsync(order);
                Assert.Equal("cancelled", (await shop.CancelAsync(order)).Outcome);
                cancelled.Add(order);
            }

            if (++number < implementations.Length) continue;
            foreach (var order in replies.Keys)
            {
                await ShopHost.EventuallyAsync(
                    async () => (await GetAsync(shop, order)).GetProperty("status").GetString() == "delivered", $"{order} to be delivered");
                Assert.Equal(
                    ["created", "dispatched", "delivered"],
                    (await GetAsync(shop, order)).GetProperty("events").EnumerateArray().Select(happened => happened.GetProperty("status").GetString()));
                Assert.Equal("dispatched", (await shop.CancelAsync(order)).Outcome);
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_data, recursive: true);
        return ValueTask.CompletedTask;
    }

    private static async Task<(string Outcome, string Tracking)> CreatedAsync(ShippingShop shop, string order)
    {
        var reply = await shop.CreateAsync(order);
        return (reply.Outcome, reply.TrackingNumber!);
    }

    private static async Task<JsonElement> GetAsync(ShippingShop shop, string order) =>
        await shop.Staff.GetFromJsonAsync<JsonElement>($"/api/shipments/{order}");
}
