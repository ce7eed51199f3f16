namespace DaprShop.Common.Tests;

/// <summary>When a process gives memory back.</summary>
public class IdleMemoryTests
{
    private const long Much = AllocationWatch.Worthwhile + 1;

    [Fact]
    public void Who_is_busy_is_not_disturbed()
    {
        var watch = new AllocationWatch();
        for (var look = 1; look <= 10; look++) Assert.False(watch.IsWorthCollecting(look * AllocationWatch.Idle, 0));
    }

    [Fact]
    public void Who_has_become_idle_after_much_work_gives_once()
    {
        var watch = new AllocationWatch();
        Assert.False(watch.IsWorthCollecting(Much, 0));
        Assert.True(watch.IsWorthCollecting(Much + 1, 0));
        Assert.False(watch.IsWorthCollecting(Much + 2, 1));
        Assert.False(watch.IsWorthCollecting(Much + 3, 1));
    }

    [Fact]
    public void Who_has_done_little_has_nothing_to_give()
    {
        var watch = new AllocationWatch();
        watch.IsWorthCollecting(AllocationWatch.Worthwhile, 0);
        Assert.False(watch.IsWorthCollecting(AllocationWatch.Worthwhile, 0));
    }

    [Fact]
    public void A_collection_that_another_asked_for_counts()
    {
        var watch = new AllocationWatch();
        watch.IsWorthCollecting(Much, 0);
        Assert.False(watch.IsWorthCollecting(Much + 1, 1));
    }

    [Fact]
    public void The_next_work_is_given_back_as_well()
    {
        var watch = new AllocationWatch();
        watch.IsWorthCollecting(Much, 0);
        Assert.True(watch.IsWorthCollecting(Much, 0));
        watch.IsWorthCollecting(3 * Much, 1);
        Assert.False(watch.IsWorthCollecting(3 * Much, 1));
        watch.IsWorthCollecting(5 * Much, 1);
        Assert.True(watch.IsWorthCollecting(5 * Much, 1));
    }
}
