using DaprShop.Common;
using DaprShop.Contracts;

namespace DaprShop.Notification;

/// <summary>A message as its member reads it.</summary>
public sealed record NotificationView(string Id, string Kind, string Title, string Text, DateTimeOffset CreatedAt, string? OrderId = null)
{
    public static NotificationView Of(Message message)
    {
        var words = Announcements.Words(message);
        return new NotificationView(message.Id, message.Kind, words.Title, words.Text, message.CreatedAt, message.OrderId);
    }
}

/// <summary>Inboxes in the store. Two calls for an event, one when it has been heard before; one or two for reading a list.</summary>
public sealed class Inboxes(StateStore store)
{
    /// <summary>Keeps a message, once for an event, and with it a full page when there is one.</summary>
    /// <returns>The inbox afterwards.</returns>
    public Task<Inbox> AddAsync(string memberId, Message message, bool byMail, CancellationToken cancellation) =>
        Optimistic.RetryAsync(async () =>
        {
            var (kept, etag) = await store.GetAsync<Inbox>(Key(memberId), cancellation);
            var inbox = kept ?? Inbox.Empty;
            var added = inbox.Add(message, byMail);
            if (ReferenceEquals(added, inbox)) return inbox;
            if (added.Overflow() is not { } full)
                return await store.TrySaveAsync(Key(memberId), added, etag, cancellation: cancellation) ? added : null;
            var committed = await store.TryCommitAsync(
                [store.Write(Key(memberId), full.Kept, etag), store.Write(PageKey(memberId, added.Pages), full.Page, etag: "")], cancellation);
            return committed ? full.Kept : null;
        });

    /// <summary>Notes that a message has gone out.</summary>
    public Task MailedAsync(string memberId, string messageId, CancellationToken cancellation) => Optimistic.RetryAsync(async () =>
    {
        var (inbox, etag) = await store.GetAsync<Inbox>(Key(memberId), cancellation);
        var mailed = (inbox ?? Inbox.Empty).Mailed(messageId);
        return await store.TrySaveAsync(Key(memberId), mailed, etag, cancellation: cancellation) ? mailed : null;
    });

    /// <summary>A page of the list, newest first.</summary>
    public async Task<Page<NotificationView>> ListAsync(string memberId, int page, int pageSize, CancellationToken cancellation)
    {
        var inbox = (await store.GetAsync<Inbox>(Key(memberId), cancellation)).Value ?? Inbox.Empty;
        var first = (int)Math.Min((page - 1L) * pageSize, inbox.Total);
        var places = Enumerable.Range(first, Math.Min(pageSize, inbox.Total - first)).Select(inbox.Locate).ToList();
        var pages = places.Where(place => place.Page is not null).Select(place => PageKey(memberId, place.Page!.Value)).Distinct().ToList();
        var older = await store.GetManyAsync(pages, cancellation);
        var messages = places.Select(place => place.Page is { } number
            ? older.Get<InboxPage>(PageKey(memberId, number)).Value!.Messages[place.Index]
            : inbox.Newest[place.Index]);
        return new Page<NotificationView>([.. messages.Select(NotificationView.Of)], inbox.Total, page, pageSize);
    }

    private static string Key(string memberId) => $"inbox/{memberId}";

    private static string PageKey(string memberId, int number) => $"inbox/{memberId}/{number}";
}
