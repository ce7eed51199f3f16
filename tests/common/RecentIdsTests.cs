using CsCheck;

namespace DaprShop.Common.Tests;

public sealed class RecentIdsTests
{
    [Fact]
    public void The_latest_ids_are_known_and_the_oldest_forgotten()
    {
        Gen.Int[1, 3 * RecentIds.Capacity].Sample(count =>
        {
            var ids = Enumerable.Range(0, count).Aggregate(RecentIds.None, (ids, at) => ids.Add($"id-{at}"));
            for (var at = 0; at < count; at++) Assert.Equal(count - at <= RecentIds.Capacity, ids.Contains($"id-{at}"));
            Assert.False(ids.Contains($"id-{count}"));
            Assert.Equal(Math.Min(count, RecentIds.Capacity) * 8, ids.Marks.Length);
        }, iter: 20);
    }
}
