using DaprShop.Common;

namespace DaprShop.Notification;

/// <summary>One message, as kept.</summary>
/// <param name="Id">The id of the event it tells of.</param>
/// <param name="Kind">See <see cref="Announcement"/>.</param>
/// <param name="CreatedAt">When it happened.</param>
public sealed record Message(string Id, string Kind, DateTimeOffset CreatedAt, string? OrderId = null, string? Reason = null);

/// <summary>A full page of older messages, newest first: document <c>inbox/{memberId}/{number}</c>, never written again.</summary>
public sealed record InboxPage(IReadOnlyList<Message> Messages)
{
    public const int Size = 32;
}

/// <summary>
/// A member's messages: document <c>inbox/{memberId}</c>. It holds the newest ones; a page of the oldest leaves it whenever there are two
/// pages, so that a write costs the same whether there are ten messages or ten thousand.
/// </summary>
/// <param name="Newest">Newest first; once pages have left, fewer than two.</param>
/// <param name="Pages">How many full pages there are; the last one is the newest.</param>
/// <param name="Heard">The events told already.</param>
/// <param name="Unmailed">Messages that still have to go out by e-mail.</param>
public sealed record Inbox(IReadOnlyList<Message> Newest, int Pages, RecentIds Heard, IReadOnlyList<string> Unmailed)
{
    private const int MaxUnmailed = 50;

    public static Inbox Empty { get; } = new([], 0, RecentIds.None, []);

    public int Total => Newest.Count + (Pages * InboxPage.Size);

    /// <summary>Adds a message, once for an event; messages that come late take their place in time.</summary>
    /// <param name="message">What to tell.</param>
    /// <param name="byMail">Whether it is to go out by e-mail too.</param>
    public Inbox Add(Message message, bool byMail)
    {
        if (Heard.Contains(message.Id)) return this;
        List<Message> newest = [.. Newest];
        var at = newest.FindIndex(other => other.CreatedAt <= message.CreatedAt);
        newest.Insert(at < 0 ? newest.Count : at, message);
        return this with
        {
            Newest = newest,
            Heard = Heard.Add(message.Id),
            Unmailed = byMail ? [.. Unmailed.TakeLast(MaxUnmailed - 1), message.Id] : Unmailed,
        };
    }

    /// <summary>The page that has to leave, as number <see cref="Pages"/>, and the inbox without it; null when there is room.</summary>
    public (InboxPage Page, Inbox Kept)? Overflow() => Newest.Count < 2 * InboxPage.Size
        ? null
        : (new InboxPage([.. Newest.TakeLast(InboxPage.Size)]),
            this with { Newest = [.. Newest.SkipLast(InboxPage.Size)], Pages = Pages + 1 });

    public Inbox Mailed(string messageId) => this with { Unmailed = [.. Unmailed.Where(id => id != messageId)] };

    /// <summary>Where the message at <paramref name="position"/> lies, 0 being the newest: on which page (null: here), and where.</summary>
    public (int? Page, int Index) Locate(int position)
    {
        var (pagesBack, index) = Math.DivRem(position - Newest.Count, InboxPage.Size);
        return position < Newest.Count ? (null, position) : (Pages - 1 - pagesBack, index);
    }
}
