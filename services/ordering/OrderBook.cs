using Dapr.Client;
using DaprShop.Common;

namespace DaprShop.Ordering;

/// <summary>What an idempotency key stands for.</summary>
/// <param name="OrderId">The order it placed, or is placing.</param>
/// <param name="BodyHash">Of the request it came with.</param>
public sealed record BookEntry(string OrderId, string BodyHash);

/// <summary>
/// Each member's order book: which idempotency key is which order, and the order ids, oldest first. Both are written in one transaction
/// before the order is submitted, so a repeated request always finds the first one. An entry whose order never came to be (the process
/// died in between and nobody repeated the request) is not shown.
/// </summary>
public sealed class OrderBook(StateStore store)
{
    /// <summary>The book as read for one idempotency key.</summary>
    /// <param name="Entry">What the key stands for already; null when it is new.</param>
    public sealed record Opened(string MemberId, string Key, BookEntry? Entry, PagedLog<string> Orders, string OrdersETag);

    /// <summary>One call.</summary>
    /// <param name="memberId">Whose book.</param>
    /// <param name="idempotencyKeyHash">Of the client's key.</param>
    /// <param name="cancellation">Of the request.</param>
    public Task<Opened> Open(string memberId, string idempotencyKeyHash, CancellationToken cancellation) =>
        Read(memberId, $"idem/{memberId}/{idempotencyKeyHash}", cancellation);

    /// <summary>
    /// Enters a new order: one call, unless another request of the same member came in between. Answers what the key stands for in the
    /// end, which is another request's order when that one was first with the same key.
    /// </summary>
    public Task<BookEntry> Enter(Opened opened, BookEntry entry) => Optimistic.RetryAsync(async () =>
    {
        if (opened.Entry is not null) return opened.Entry;
        if (await store.TryCommitAsync(Writes(opened, entry))) return entry;
        opened = await Read(opened.MemberId, opened.Key, CancellationToken.None);
        return opened.Entry;
    });

    /// <summary>A page of a member's order ids, newest first, and how many there are: at most two calls, however long the book.</summary>
    public async Task<(IReadOnlyList<string> OrderIds, long Total)> List(
        string memberId, int page, int pageSize, CancellationToken cancellation)
    {
        var book = BookKey(memberId);
        var orders = (await store.GetAsync<PagedLog<string>>(book, cancellation)).Value ?? PagedLog.Empty<string>();
        var end = orders.Count() - ((page - 1L) * pageSize);
        var start = Math.Max(0, end - pageSize);
        if (end <= 0) return ([], orders.Count());

        var pages = orders.PagesOf(start, end).ToDictionary(number => number, number => PagedLog.PageKey(book, number));
        var full = await store.GetManyAsync([.. pages.Values], cancellation);
        var ids = pages.SelectMany(item => full.Get<string[]>(item.Value).Value ?? []).Concat(orders.Newest);
        var first = pages.Count > 0 ? (long)pages.Keys.First() * PagedLog.PageLength : orders.Count() - orders.Newest.Count;
        return ([.. ids.Skip((int)(start - first)).Take((int)(end - start)).Reverse()], orders.Count());
    }

    private List<StateTransactionRequest> Writes(Opened book, BookEntry entry)
    {
        var (orders, filled) = book.Orders.Append([entry.OrderId]);
        var key = BookKey(book.MemberId);
        return
        [
            store.Write(book.Key, entry, ""),
            store.Write(key, orders, book.OrdersETag),
            .. filled.Select(page => store.Write(PagedLog.PageKey(key, page.Page), page.Items, "")),
        ];
    }

    private async Task<Opened> Read(string memberId, string key, CancellationToken cancellation)
    {
        var stored = await store.GetManyAsync([key, BookKey(memberId)], cancellation);
        var orders = stored.Get<PagedLog<string>>(BookKey(memberId));
        return new Opened(memberId, key, stored.Get<BookEntry>(key).Value, orders.Value ?? PagedLog.Empty<string>(), orders.ETag);
    }

    private static string BookKey(string memberId) => $"book/{memberId}";
}
