namespace DaprShop.Local.Resiliency;

/// <summary>Waiting as long as files may say; a timer of .NET reaches no further than 49 days.</summary>
internal static class Pause
{
    /// <summary>For one timer.</summary>
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(1);

    public static async Task ForAsync(TimeSpan span, TimeProvider time, CancellationToken cancellation = default)
    {
        var began = time.GetTimestamp();
        while (span - time.GetElapsedTime(began) is { Ticks: > 0 } left) await Task.Delay(Reachable(left), time, cancellation);
    }

    /// <summary>By the clock, which may be set meanwhile.</summary>
    public static async Task UntilAsync(DateTimeOffset end, TimeProvider time, CancellationToken cancellation)
    {
        while (end - time.GetUtcNow() is { Ticks: > 0 } left) await Task.Delay(Reachable(left), time, cancellation);
    }

    /// <summary>
    /// What a timer can be set to: a day at most, whole milliseconds, rounded up. For those who look again when it is over, and for time
    /// limits of what nobody waits for so long.
    /// </summary>
    public static TimeSpan Reachable(TimeSpan span) =>
        TimeSpan.FromMilliseconds(Math.Clamp(Math.Ceiling(span.TotalMilliseconds), 0, s_longest.TotalMilliseconds));
}
