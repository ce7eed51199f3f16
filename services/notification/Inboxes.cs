using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using DaprShop.Common;
using DaprShop.Contracts;

namespace DaprShop.Notification;

/// <summary>A message as its member reads it.</summary>
/// <param name="Id">UUIDv7 (RFC 9562, section 5.7) of when it came to be and which event it tells of, so always the same.</param>
/// <param name="Kind">What it is about, e.g. <c>orderConfirmed</c>.</param>
/// <param name="Title">A few words.</param>
/// <param name="Text">A sentence or two.</param>
/// <param name="CreatedAt">When it came to be.</param>
/// <param name="OrderId">The order it is about, if any.</param>
public sealed record NotificationView(string Id, string Kind, string Title, string Text, DateTimeOffset CreatedAt, string? OrderId = null)
{
    public static NotificationView Of(Message message)
    {
        var words = Announcements.Words(message);
        return new NotificationView(IdOf(message), message.Kind, words.Title, words.Text, message.CreatedAt, message.OrderId);
    }

    private static string IdOf(Message message)
    {
        Span<byte> id = stackalloc byte[32];
        SHA256.HashData(Encoding.UTF8.GetBytes(message.Id), id);
        var milliseconds = message.CreatedAt.ToUnixTimeMilliseconds();
        BinaryPrimitives.WriteUInt16BigEndian(id, (ushort)(milliseconds >> 32));
        BinaryPrimitives.WriteUInt32BigEndian(id[2..], (uint)milliseconds);
        id[6] = (byte)(0x70 | (id[6] & 0x0f));
        id[8] = (byte)(0x80 | (id[8] & 0x3f));
        return new Guid(id[..16], bigEndian: true).ToString();
    }
}

/// <summary>
/// Inboxes in the store. Two calls for any number of events, and two more for each inbox that has a page to put away; one or two calls
/// for reading a list.
/// </summary>
public sealed class Inboxes(StateStore store)
{
    /// <summary>Keeps messages, each once for its event.</summary>
    /// <param name="messages">Whom to tell what.</param>
    /// <param name="byMail">Whether they are to go out by e-mail too.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The inboxes afterwards, by member.</returns>
    public async Task<IReadOnlyDictionary<string, Inbox>> AddAsync(
        IReadOnlyCollection<(string MemberId, Message Message)> messages, bool byMail, CancellationToken cancellation)
    {
        var inboxes = await store.ApplyAsync(
            messages.Select(each => new Change<Inbox>(Key(each.MemberId), inbox => (inbox ?? Inbox.Empty).Add(each.Message, byMail))),
            cancellation);
        var members = messages.Select(each => each.MemberId).Distinct();
        var byMember = members.ToDictionary(memberId => memberId, memberId => inboxes[Key(memberId)]);
        await Task.WhenAll(byMember.Where(each => each.Value.Overflow() is not null).Select(each => PutAwayAsync(each.Key, cancellation)));
        return byMember;
    }

    /// <summary>Moves full pages out of an inbox, each in one transaction.</summary>
    private Task<Inbox> PutAwayAsync(string memberId, CancellationToken cancellation) => Optimistic.RetryAsync(async () =>
    {
        var (inbox, etag) = await store.GetAsync<Inbox>(Key(memberId), cancellation);
        if (inbox?.Overflow() is not { } full) return inbox;
        var committed = await store.TryCommitAsync(
            [store.Write(Key(memberId), full.Kept, etag), store.Write(PageKey(memberId, inbox.Pages), full.Page, etag: "")], cancellation);
        return committed && full.Kept.Overflow() is null ? full.Kept : null;
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
