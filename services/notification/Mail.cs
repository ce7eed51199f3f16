using System.Net;

namespace DaprShop.Notification;

/// <summary>Hands an e-mail (HTML) to whoever delivers it; throws when it was not taken.</summary>
public delegate Task SendEmail(string to, string subject, string body, CancellationToken cancellation);

/// <summary>
/// Messages by e-mail, when <c>Notification:Email</c> is true. Members say where to; the address goes from their answer to the mail and is
/// kept nowhere.
/// </summary>
public sealed class Mail(SendEmail send, MembersClient members, Inboxes inboxes, IConfiguration configuration, ILogger<Mail> logger)
{
    public bool Enabled { get; } = configuration.GetValue("Notification:Email", false);

    /// <summary>Sends messages and notes that they are sent. A member who is gone gets none. Four calls a message.</summary>
    /// <returns>The ids of those that could not be sent and should be tried again.</returns>
    public async Task<IReadOnlySet<string>> SendAsync(
        IEnumerable<(string MemberId, Message Message)> messages, CancellationToken cancellation)
    {
        var outcomes = await Task.WhenAll(messages.DistinctBy(each => each.Message.Id).Select(async each =>
            (each.Message.Id, Sent: await TrySendAsync(each.MemberId, each.Message, cancellation))));
        return outcomes.Where(outcome => !outcome.Sent).Select(outcome => outcome.Id).ToHashSet();
    }

    private async Task<bool> TrySendAsync(string memberId, Message message, CancellationToken cancellation)
    {
        try
        {
            await SendAsync(memberId, message, cancellation);
            await inboxes.MailedAsync(memberId, message.Id, cancellation);
            return true;
        }
        catch (Exception error) when (!cancellation.IsCancellationRequested)
        {
            // The type alone: what went wrong with a mail may name whom it was for.
            logger.LogWarning("The e-mail for {EventId} waits: {Reason}", message.Id, error.GetType().Name);
            return false;
        }
    }

    private async Task SendAsync(string memberId, Message message, CancellationToken cancellation)
    {
        if (await members.ContactAsync(memberId, cancellation) is not { } contact) return;
        var words = Announcements.Words(message);
        var body = $"<p>Hello {WebUtility.HtmlEncode(contact.DisplayName)},</p><p>{words.Text}</p>";
        await send(contact.Email, words.Title, body, cancellation);
    }
}
