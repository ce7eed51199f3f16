using Dapr.Client;
using DaprShop.Contracts;

namespace DaprShop.Ordering;

/// <summary>Tells other services what happened to orders. Only ever called with saved events; the same event always has the same id.</summary>
public sealed class OrderPublisher(DaprClient dapr)
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

    /// <summary>Publishes <paramref name="happened"/> if it concerns others.</summary>
    /// <param name="happened">The event.</param>
    /// <param name="order">The order right after it.</param>
    /// <param name="cancellation">Ends the wait for the broker.</param>
    public async Task Publish(OrderEvent happened, Order order, CancellationToken cancellation)
    {
        if (!s_topics.TryGetValue(happened.Type, out var topic)) return;
        var changed = new OrderChanged(
            $"order-{order.Id}-{order.Version}", happened.At, order.Id, order.Details.MemberId, order.Version,
            Camel(order.Status), order.Details.Lines, order.Details.Total(),
            order.Status == OrderStatus.Rejected && order.Reason is { } reason ? Camel(reason) : null);
        var metadata = new Dictionary<string, string> { ["cloudevent.id"] = changed.EventId };
        await dapr.PublishEventAsync("pubsub", topic, changed, metadata, cancellation);
    }

    private static string Camel<T>(T value) where T : struct, Enum =>
        System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(value.ToString());
}
