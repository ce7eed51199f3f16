using System.Globalization;

namespace DaprShop.Local.Metrics;

/// <summary>How long something took, how often: a histogram with daprd's bounds (<c>pkg/config/configuration.go</c>).</summary>
internal sealed class Latencies
{
    /// <summary>Milliseconds.</summary>
    public static readonly double[] Bounds =
    [
        1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 30, 40, 50, 65, 80, 100, 130, 160, 200, 250, 300, 400, 500, 650, 800, 1_000, 2_000, 5_000,
        10_000, 20_000, 50_000, 100_000,
    ];

    private readonly long[] _counts = new long[Bounds.Length + 1];
    private long _ticks;

    public long Count => _counts.Sum();

    public double Milliseconds => TimeSpan.FromTicks(Interlocked.Read(ref _ticks)).TotalMilliseconds;

    public void Add(TimeSpan elapsed)
    {
        var at = Array.BinarySearch(Bounds, elapsed.TotalMilliseconds);
        Interlocked.Increment(ref _counts[at < 0 ? ~at : at]);
        Interlocked.Add(ref _ticks, elapsed.Ticks);
    }

    /// <summary>How many took no longer than each bound.</summary>
    public IEnumerable<(string Bound, long Count)> Cumulative()
    {
        var below = 0L;
        for (var i = 0; i < _counts.Length; i++)
        {
            below += Interlocked.Read(ref _counts[i]);
            yield return (i < Bounds.Length ? Bounds[i].ToString(CultureInfo.InvariantCulture) : "+Inf", below);
        }
    }
}
