namespace DaprShop.Ordering;

/// <summary>
/// An append-only list of any length in a key-value store: full pages under <c>{key}/{n}</c>, which never change, and the count of them with
/// the newest, unfull page under <c>{key}</c>. Appending and reading the newest cost one key, however long the list has become.
/// </summary>
/// <param name="FullPages">How many pages are full.</param>
/// <param name="Newest">What came after them; fewer than a page.</param>
public sealed record PagedLog<T>(int FullPages, IReadOnlyList<T> Newest)
{
    /// <summary>The log with <paramref name="items"/> at its end, and the pages that became full by it.</summary>
    public (PagedLog<T> Log, IReadOnlyList<(int Page, T[] Items)> Filled) Append(IEnumerable<T> items)
    {
        var chunks = Newest.Concat(items).Chunk(PagedLog.PageLength).ToList();
        var filled = chunks.Where(chunk => chunk.Length == PagedLog.PageLength).Select((chunk, index) => (FullPages + index, chunk)).ToList();
        return (new PagedLog<T>(FullPages + filled.Count, filled.Count < chunks.Count ? chunks[^1] : []), filled);
    }
}

public static class PagedLog
{
    public const int PageLength = 50;

    public static PagedLog<T> Empty<T>() => new(0, []);

    /// <summary>The key of full page <paramref name="page"/>, from 0.</summary>
    public static string PageKey(string key, int page) => $"{key}/{page}";
}
