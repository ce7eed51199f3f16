using DaprShop.Common;

namespace DaprShop.Notification;

/// <summary>
/// Everything a member is told about, by the table in <see cref="Announcements"/>. Messages are kept first, with what is still to be
/// mailed; then the e-mail is sent, and then that is noted. While it cannot be sent the event is not acknowledged, so the broker's
/// redelivery, with its backoff and its limit, is what tries again.
/// </summary>
public static class NotificationSubscriptions
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(50);

    public static void MapNotificationSubscriptions(this WebApplication app)
    {
        var inboxes = app.Services.GetRequiredService<Inboxes>();
        var mail = app.Services.GetRequiredService<Mail>();
        foreach (var topic in Announcements.All)
        {
            app.MapBulkTopic<Happening>(topic, s_patience, async (happenings, cancellation) =>
            {
                var messages = happenings.Select(each => (each.MemberId, Message: Announcements.Message(topic, each))).ToList();
                var told = await inboxes.AddAsync(messages, mail.Enabled, cancellation);
                var unmailed = messages.Where(each => told[each.MemberId].Unmailed.Contains(each.Message.Id));
                var waiting = await mail.SendAsync(unmailed, cancellation);
                return [.. happenings.Where(happening => waiting.Contains(happening.EventId))];
            });
        }
    }
}
