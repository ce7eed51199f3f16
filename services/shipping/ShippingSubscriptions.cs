using DaprShop.Common;
using DaprShop.Contracts;

namespace DaprShop.Shipping;

/// <summary>Confirmed orders go to the couriers, many at a time.</summary>
public static class ShippingSubscriptions
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(500);

    public static void MapSubscriptions(this WebApplication app)
    {
        var couriers = app.Services.GetRequiredService<Couriers>();
        app.MapBulkTopic<OrderChanged>(Topics.OrdersConfirmed, s_patience, async (confirmed, _) =>
        {
            var orders = confirmed.ToLookup(order => Ids.IsUuid(order.OrderId));
            await couriers.ExpectAsync(orders[true].Select(order => order.OrderId));
            // What is no order id never becomes one: it ends as a dead letter, and takes no other with it.
            return [.. orders[false]];
        });
    }
}
