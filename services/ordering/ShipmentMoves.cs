using Dapr.Client;
using DaprShop.Common;
using DaprShop.Contracts;

namespace DaprShop.Ordering;

/// <summary>
/// Notes where parcels are and tells of it before the news is acknowledged, so it is the redelivery, not a reminder, that stands behind it:
/// news that come again are told again. For a bulk: a turn each (with one state write), a publish for each topic, a batch of views.
/// </summary>
public sealed class ShipmentMoves(
    OrderActors actors, OrderDriver driver, OrderProjector projector, DaprClient dapr, ILogger<ShipmentMoves> logger)
{
    public async Task Note(IEnumerable<ShipmentChanged> news, CancellationToken cancellation)
    {
        var noted = (await Task.WhenAll(news.Select(Note))).OfType<Noted>().ToList();
        var projected = noted.Select(item => projector.Project(OrderView.Of(item.File.Order(item.OrderId), item.File.ShippingAddress), soon: false)).ToList();
        var announcements = noted.SelectMany(item => OrderAnnouncement.After(item.Since, item.OrderId, item.File.Events));
        // Where both come at once, shipped is told before delivered.
        foreach (var topic in announcements.ToLookup(item => item.Topic, item => item.Changed).OrderByDescending(topic => topic.Key))
            await dapr.PublishAllAsync(topic.Key, topic, changed => changed.EventId, cancellation);
        await Task.WhenAll(projected).WaitAsync(cancellation);
    }

    private async Task<Noted?> Note(ShipmentChanged news)
    {
        if (!Ids.IsUuid(news.OrderId) || await actors.ShipmentMoved(news.OrderId, new ShipmentMove(news.Status)) is not { } answer)
        {
            logger.LogWarning("{Event} is about an order that does not exist", news.EventId);
            return null;
        }
        var (before, file) = (answer.Before, answer.File);
        if (file.IsOpen(news.OrderId)) driver.Drive(news.OrderId, file);
        var leaving = file.Events.TakeWhile(happened => happened.Type != OrderEventType.Shipped).Count();
        return new Noted(news.OrderId, file, before < file.Events.Count ? before : leaving);
    }

    /// <param name="Since">The version after which others are to be told.</param>
    private sealed record Noted(string OrderId, OrderFile File, int Since);
}
