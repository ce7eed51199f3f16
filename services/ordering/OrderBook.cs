using Dapr;

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
public sealed class OrderBook(OrderingStore store)
{
    private const int Attempts = 20;

    /// <summary>The book as read for one idempotency key.</summary>
    /// <param name="Entry">What the key stands for already; null when it is new.</param>
    public sealed record Opened(string MemberId, string Key, BookEntry? Entry, PagedLog<string> Orders, string? OrdersETag);

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
    public async Task<BookEntry> Enter(Opened book, BookEntry entry, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            if (book.Entry is not null) return book.Entry;
            try
            {
                await store.Commit(Writes(book, entry), cancellation);
                return entry;
            }
            catch (DaprException) when (attempt < Attempts)
            {
                // Lost a race, or lost only the answer: what stands in the store decides.
                await Task.Delay(Random.Shared.Next(attempt * 2), cancellation);
                var now = await Read(book.MemberId, book.Key, cancellation);
                if (now.Entry is null && now.OrdersETag == book.OrdersETag) throw;
                book = now;
            }
        }
    }

    /// <summary>A page of a member's order ids, newest first, and how many there are: at most two calls, however long the book.</summary>
    public async Task<(IReadOnlyList<string> OrderIds, long Total)> List(
        string memberId, int page, int pageSize, CancellationToken cancellation)
    {
        var book = BookKey(memberId);
        var orders = OrdersOf((await store.Read([book], cancellation))[book]);
        var end = orders.Count() - ((page - 1L) * pageSize);
        var start = Math.Max(0, end - pageSize);
        if (end <= 0) return ([], orders.Count());

        var pages = orders.PagesOf(start, end).ToDictionary(number => number, number => PagedLog.PageKey(book, number));
        var full = await store.Read([.. pages.Values], cancellation);
        var ids = pages.SelectMany(item => full[item.Value].As<string[]>() ?? []).Concat(orders.Newest);
        var first = pages.Count > 0 ? (long)pages.Keys.First() * PagedLog.PageLength : orders.Count() - orders.Newest.Count;
        return ([.. ids.Skip((int)(start - first)).Take((int)(end - start)).Reverse()], orders.Count());
    }

    private List<Dapr.Client.StateTransactionRequest> Writes(Opened book, BookEntry entry)
    {
        var (orders, filled) = book.Orders.Append([entry.OrderId]);
        var key = BookKey(book.MemberId);
        return
        [
            store.Put(book.Key, entry),
            store.Put(key, orders, book.OrdersETag),
            .. filled.Select(page => store.Put(PagedLog.PageKey(key, page.Page), page.Items)),
        ];
    }

    private async Task<Opened> Read(string memberId, string key, CancellationToken cancellation)
    {
        var book = BookKey(memberId);
        var stored = await store.Read([key, book], cancellation);
        return new Opened(memberId, key, stored[key].As<BookEntry>(), OrdersOf(stored[book]), stored[book].ETag);
    }

    private static PagedLog<string> OrdersOf(OrderingStore.Stored stored) => stored.As<PagedLog<string>>() ?? PagedLog.Empty<string>();

    private static string BookKey(string memberId) => $"book/{memberId}";
}
