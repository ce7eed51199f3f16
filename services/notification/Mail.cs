using System.Net;
using Dapr.Client;

namespace DaprShop.Notification;

/// <summary>
/// Messages by e-mail, through the output binding <c>email</c> (e.g. bindings.smtp), when <c>Notification:Email</c> is true. Members say
/// where to; the address goes from their answer to the binding and is kept nowhere.
/// </summary>
public sealed class Mail(DaprClient dapr, MembersClient members, IConfiguration configuration)
{
    public bool Enabled { get; } = configuration.GetValue("Notification:Email", false);

    /// <summary>Sends one message; a member who is gone gets none. Two calls.</summary>
    public async Task SendAsync(string memberId, Message message, CancellationToken cancellation)
    {
        if (await members.ContactAsync(memberId, cancellation) is not { } contact) return;
        var words = Announcements.Words(message);
        var body = $"<p>Hello {WebUtility.HtmlEncode(contact.DisplayName)},</p><p>{words.Text}</p>";
        var metadata = new Dictionary<string, string> { ["emailTo"] = contact.Email, ["subject"] = words.Title };
        await dapr.InvokeBindingAsync("email", "create", body, metadata, cancellation);
    }
}
