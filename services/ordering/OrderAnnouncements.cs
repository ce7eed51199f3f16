using System.Text.Json;
using DaprShop.Contracts;

namespace DaprShop.Ordering;

/// <summary>What other services are told of an order, and where. The same event always comes out the same, with the same id.</summary>
/// <param name="Topic">One of <see cref="Topics"/>.</param>
/// <param name="Changed">The event.</param>
public sealed record OrderAnnouncement(string Topic, OrderChanged Changed)
{
    private static readonly Dictionary<OrderEventType, string> s_topics = new()
    {
        [OrderEventType.Submitted] = Topics.OrdersSubmitted,
        [OrderEventType.Confirmed] = Topics.OrdersConfirmed,
        [OrderEventType.Rejected] = Topics.OrdersRejected,
        [OrderEventType.Cancelled] = Topics.OrdersCancelled,
        [OrderEventType.Shipped] = Topics.OrdersShipped,
        [OrderEventType.Delivered] = Topics.OrdersDelivered,
    };

    /// <summary>Those after version <paramref name="since"/>, oldest first. Only what is saved may be given.</summary>
    public static IEnumerable<OrderAnnouncement> After(int since, string orderId, IReadOnlyList<OrderEvent> saved)
    {
        for (var version = since + 1; version <= saved.Count; version++)
        {
            if (s_topics.TryGetValue(saved[version - 1].Type, out var topic))
                yield return new OrderAnnouncement(topic, ToContract(Order.Fold(orderId, saved.Take(version))));
        }
    }

    private static OrderChanged ToContract(Order order) => new(
        $"order-{order.Id}-{order.Version}", order.UpdatedAt, order.Id, order.Details.MemberId, order.Version, Camel(order.Status),
        order.Details.Lines, order.Details.Total(),
        order.Status == OrderStatus.Rejected && order.Reason is { } reason ? Camel(reason) : null);

    private static string Camel<T>(T value) where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());
}
