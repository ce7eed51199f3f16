using HdrHistogram;

namespace DaprShop.Bench;

/// <summary>What one client saw of one operation. Clients keep their own, added up in the end, so that none waits for another.</summary>
public sealed class Measurement
{
    private const long LongestMicroseconds = 120_000_000;

    private readonly LongHistogram _latencies = new(LongestMicroseconds, 3);

    /// <summary>How often it went wrong, by what went wrong.</summary>
    public SortedDictionary<string, long> Errors { get; } = new(StringComparer.Ordinal);

    public long Succeeded => _latencies.TotalCount;

    public void Record(TimeSpan elapsed, string? error)
    {
        if (error is null) _latencies.RecordValue(Math.Clamp((long)elapsed.TotalMicroseconds, 1, LongestMicroseconds));
        else Errors[error] = Errors.GetValueOrDefault(error) + 1;
    }

    public void Add(Measurement other)
    {
        _latencies.Add(other._latencies);
        foreach (var (error, count) in other.Errors) Errors[error] = Errors.GetValueOrDefault(error) + count;
    }

    /// <summary>Milliseconds of the successful ones; null when there were none.</summary>
    public double? Percentile(double percent) => Succeeded == 0 ? null : _latencies.GetValueAtPercentile(percent) / 1000.0;
}
