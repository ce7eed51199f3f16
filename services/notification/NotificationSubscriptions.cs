using Dapr;

namespace DaprShop.Notification;

/// <summary>
/// Everything a member is told about, by the table in <see cref="Announcements"/>. The message is kept first, with what is still to be
/// mailed; then the e-mail is sent, and then that is noted. While it cannot be sent the event is not acknowledged, so the broker's
/// redelivery, with its backoff and its limit, is what tries again.
/// </summary>
public static class NotificationSubscriptions
{
    public static void MapNotificationSubscriptions(this WebApplication app)
    {
        foreach (var topic in Announcements.All)
        {
            app.MapPost($"/events/{topic}", (Happening happening, Inboxes inboxes, Mail mail, CancellationToken cancellation) =>
                    TellAsync(topic, happening, inboxes, mail, cancellation))
                .WithTopic(new TopicOptions { PubsubName = "pubsub", Name = topic, DeadLetterTopic = "notification.dead-letters" });
        }
    }

    private static async Task TellAsync(string topic, Happening happening, Inboxes inboxes, Mail mail, CancellationToken cancellation)
    {
        var message = Announcements.Message(topic, happening);
        var inbox = await inboxes.AddAsync(happening.MemberId, message, mail.Enabled, cancellation);
        if (!inbox.Unmailed.Contains(message.Id)) return;
        await mail.SendAsync(happening.MemberId, message, cancellation);
        await inboxes.MailedAsync(happening.MemberId, message.Id, cancellation);
    }
}
