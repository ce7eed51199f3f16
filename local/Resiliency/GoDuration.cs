using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace DaprShop.Local.Resiliency;

/// <summary>
/// Durations as Go writes them (<c>1h30m</c>, <c>1.5s</c>, <c>200ms</c>), which is how Dapr's files and APIs do.
/// See https://pkg.go.dev/time#ParseDuration.
/// </summary>
public static class GoDuration
{
    private static readonly SearchValues<char> s_number = SearchValues.Create("0123456789.");

    private static readonly (string Unit, double Ticks)[] s_units =
    [
        ("ns", TimeSpan.TicksPerMicrosecond / 1000.0), ("us", TimeSpan.TicksPerMicrosecond), ("µs", TimeSpan.TicksPerMicrosecond),
        ("ms", TimeSpan.TicksPerMillisecond), ("s", TimeSpan.TicksPerSecond), ("m", TimeSpan.TicksPerMinute), ("h", TimeSpan.TicksPerHour),
    ];

    /// <summary>The longest: what fits 64 bits of nanoseconds, some 292 years.</summary>
    public static TimeSpan Longest { get; } = new(long.MaxValue / TimeSpan.NanosecondsPerTick);

    /// <summary>False for anything Go would not accept.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        var rest = text.AsSpan();
        var negative = rest.StartsWith("-");
        if (negative || rest.StartsWith("+")) rest = rest[1..];
        if (rest is "0") return true;
        if (rest.IsEmpty) return false;

        var ticks = 0.0;
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExcept(s_number);
            const NumberStyles Style = NumberStyles.AllowDecimalPoint;
            if (digits <= 0 || !double.TryParse(rest[..digits], Style, CultureInfo.InvariantCulture, out var number)) return false;
            rest = rest[digits..];
            var letters = rest.IndexOfAny(s_number);
            var unit = letters < 0 ? rest : rest[..letters];
            if (TicksOf(unit) is not { } size) return false;
            ticks += number * size;
            rest = rest[unit.Length..];
        }
        if (ticks > Longest.Ticks) return false;
        duration = new TimeSpan((long)Math.Round(negative ? -ticks : ticks));
        return true;
    }

    /// <summary>As Go prints a duration that is not negative: <c>1h0m5s</c>, <c>1.5s</c>, <c>250ms</c>.</summary>
    public static string Format(TimeSpan duration)
    {
        if (duration < TimeSpan.FromSeconds(1) && duration != TimeSpan.Zero)
            return string.Create(CultureInfo.InvariantCulture, $"{duration.TotalMilliseconds:0.####}ms");
        var hours = (long)duration.TotalHours;
        var seconds = duration.TotalSeconds - hours * 3600.0 - duration.Minutes * 60.0;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{(hours > 0 ? $"{hours}h" : "")}{(hours > 0 || duration.Minutes > 0 ? $"{duration.Minutes}m" : "")}{seconds:0.#######}s");
    }

    private static double? TicksOf(ReadOnlySpan<char> unit)
    {
        foreach (var (name, ticks) in s_units)
            if (unit.SequenceEqual(name)) return ticks;
        return null;
    }
}
