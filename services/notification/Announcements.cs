using DaprShop.Contracts;

namespace DaprShop.Notification;

/// <summary>What a member is told about something that happened.</summary>
/// <param name="Kind">For programs: which text this is.</param>
public sealed record Announcement(string Kind, string Title, string Text);

/// <summary>
/// The part of the shop's events that a message is made of; all of them have it. See contracts/events.
/// </summary>
/// <param name="Reason">Why an order was rejected.</param>
public sealed record Happening(string EventId, DateTimeOffset OccurredAt, string MemberId, string? OrderId = null, string? Reason = null);

/// <summary>Which events members are told about, and in which words. No names, addresses or amounts: a message is not a letter.</summary>
public static class Announcements
{
    private static readonly Dictionary<string, Announcement> s_byTopic = new()
    {
        [Topics.MembersRegistered] = new("welcome", "Welcome to DaprShop", "Your account is ready. Have a look around."),
        [Topics.OrdersConfirmed] = new("orderConfirmed", "Order confirmed", "Your order is paid and is being packed."),
        [Topics.OrdersRejected] = new("orderRejected", "Order not accepted", "We could not accept your order, and you pay nothing."),
        [Topics.OrdersCancelled] = new("orderCancelled", "Order cancelled", "Your order is cancelled; what you paid is on its way back."),
        [Topics.OrdersShipped] = new("orderShipped", "Order shipped", "Your order has left our warehouse."),
        [Topics.OrdersDelivered] = new("orderDelivered", "Order delivered", "Your order has arrived. Enjoy!"),
        [Topics.PaymentRefunded] = new("paymentRefunded", "Money refunded", "The payment for your order has been refunded."),
        [Topics.ShippingReturned] = new("parcelReturned", "Parcel returned", "Your parcel could not be delivered and comes back to us."),
    };

    private static readonly Dictionary<string, string> s_rejections = new()
    {
        ["outOfStock"] = "Something in your order is out of stock, so we could not accept it. You pay nothing.",
        ["paymentDeclined"] = "The payment for your order was declined. Nothing was charged.",
        ["paymentUnavailable"] = "The payment for your order could not be made, so we could not accept it. Nothing was charged.",
        ["shippingUnavailable"] = "We cannot deliver your order to this address. You pay nothing.",
        ["deadlineExceeded"] = "Your order took too long to go through, so we dropped it. You pay nothing.",
    };

    private static readonly Dictionary<string, Announcement> s_byKind = s_byTopic.Values.ToDictionary(announcement => announcement.Kind);

    /// <summary>The topics to listen to.</summary>
    public static IEnumerable<string> All => s_byTopic.Keys;

    /// <summary>What is kept of an event on <paramref name="topic"/>: the words are found again when it is read.</summary>
    public static Message Message(string topic, Happening happening) =>
        new(happening.EventId, s_byTopic[topic].Kind, happening.OccurredAt, happening.OrderId, happening.Reason);

    /// <summary>The words of a message.</summary>
    public static Announcement Words(Message message)
    {
        var words = s_byKind.GetValueOrDefault(message.Kind) ?? new Announcement(message.Kind, "News", "There is news about your order.");
        return message.Reason is { } reason && s_rejections.TryGetValue(reason, out var text) ? words with { Text = text } : words;
    }
}
