using CsCheck;

namespace DaprShop.Ordering.Tests;

public class PagedLogTests
{
    [Fact]
    public void However_it_is_appended_to_the_log_is_the_list() => Gen.Int[0, 120].Array[0, 12].Sample(sizes =>
    {
        var log = PagedLog.Empty<int>();
        Dictionary<int, int[]> pages = [];
        var next = 0;
        foreach (var size in sizes)
        {
            (log, var filled) = log.Append(Enumerable.Range(next, size));
            foreach (var (page, items) in filled) pages.Add(page, items);
            next += size;
        }

        Assert.Equal(pages.Count, log.FullPages);
        Assert.All(pages.Values, page => Assert.Equal(PagedLog.PageLength, page.Length));
        Assert.True(log.Newest.Count < PagedLog.PageLength);
        Assert.Equal(Enumerable.Range(0, next), pages.OrderBy(page => page.Key).SelectMany(page => page.Value).Concat(log.Newest));
    });
}
