using DaprShop.Common;
using DaprShop.Contracts;

namespace DaprShop.Ordering;

/// <summary>What shipping tells, many at a time. An order learns each fact once, and the order of arrival does not matter.</summary>
public static class OrderSubscriptions
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(200);

    public static void MapOrderSubscriptions(this WebApplication app)
    {
        var moves = app.Services.GetRequiredService<ShipmentMoves>();
        foreach (var topic in (string[])[Topics.ShippingDispatched, Topics.ShippingDelivered, Topics.ShippingReturned])
        {
            app.MapBulkTopic<ShipmentChanged>(topic, s_patience, async (news, cancellation) =>
            {
                await moves.Note(news, cancellation);
                return [];
            });
        }
    }
}
