namespace DaprShop.Common;

/// <summary>
/// Gives memory back once there is nothing to do. The collector works only while somebody allocates, so a process that has become idle
/// would keep what its last load took; and a machine that runs a dozen of them has better uses for it.
/// </summary>
internal sealed class IdleMemory(TimeProvider time) : Microsoft.Extensions.Hosting.BackgroundService
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_interval, time);
        var watch = new AllocationWatch();
        while (await timer.WaitForNextTickAsync(stoppingToken))
            if (watch.IsWorthCollecting(GC.GetTotalAllocatedBytes(), GC.CollectionCount(GC.MaxGeneration)))
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive);
    }
}

/// <summary>Tells, looked at now and then, when a process has become idle and has something to give.</summary>
internal sealed class AllocationWatch
{
    /// <summary>Bytes: who allocates less between two looks is idle.</summary>
    public const long Idle = 4 << 20;

    /// <summary>Bytes: who has allocated less since the last full collection has little to give.</summary>
    public const long Worthwhile = 16 << 20;

    private long _seen;
    private long _collected;
    private int _collections;

    /// <param name="allocated">Bytes that the process has allocated since it began.</param>
    /// <param name="collections">Full collections since then, whoever asked for them (there may be several watches in a process).</param>
    public bool IsWorthCollecting(long allocated, int collections)
    {
        if (collections != _collections) (_collections, _collected) = (collections, allocated);
        var isIdle = allocated - _seen < Idle;
        _seen = allocated;
        return isIdle && allocated - _collected > Worthwhile;
    }
}
