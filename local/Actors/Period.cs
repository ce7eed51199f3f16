using System.Globalization;
using System.Text.RegularExpressions;
using DaprShop.Local.Resiliency;

namespace DaprShop.Local.Actors;

/// <summary>
/// How often, as Dapr's schedules say it: a Go duration (<c>1h30m</c>) or an ISO 8601 one with or without repetitions
/// (<c>R3/PT30S</c>, <c>P1M</c>). Years and months have no fixed length, so they are kept apart.
/// </summary>
/// <param name="Months">Years count as twelve.</param>
/// <param name="Days">Weeks count as seven.</param>
/// <param name="Time">The rest.</param>
/// <param name="Repetitions">Null for no end.</param>
internal sealed partial record Period(int Months, int Days, TimeSpan Time, int? Repetitions)
{
    public bool IsZero => Months == 0 && Days == 0 && Time <= TimeSpan.Zero;

    public DateTimeOffset After(DateTimeOffset time) => time.AddMonths(Months).AddDays(Days) + Time;

    public static Period? Parse(string text)
    {
        if (Iso().Match(text) is { Success: true, Length: > 1 } match) return Parse(match.Groups);
        return GoDuration.TryParse(text, out var duration) ? new Period(0, 0, duration, null) : null;
    }

    /// <summary>A point in time: RFC 3339, or a duration from <paramref name="from"/> on. Null when it is neither.</summary>
    public static DateTimeOffset? PointInTime(string text, DateTimeOffset from)
    {
        try
        {
            if (Parse(text) is { } duration) return duration.Repetitions is null ? duration.After(from) : null;
        }
        catch (ArgumentOutOfRangeException)
        {
            return null;
        }
        return text.Contains('T', StringComparison.Ordinal)
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time.ToUniversalTime()
            : null;
    }

    private static Period? Parse(GroupCollection parts)
    {
        try
        {
            var time = new TimeSpan(Number("hours"), Number("minutes"), Number("seconds"));
            return time > GoDuration.Longest ? null : checked(new Period(
                Number("years") * 12 + Number("months"),
                Number("weeks") * 7 + Number("days"),
                time,
                parts["repetitions"].Success ? Number("repetitions") : null));
        }
        catch (Exception error) when (error is OverflowException or ArgumentOutOfRangeException)
        {
            return null;
        }

        int Number(string part) =>
            parts[part].Success ? int.Parse(parts[part].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture) : 0;
    }

    [GeneratedRegex(
        @"^(R(?<repetitions>\d+)(/|$))?(P((?<years>\d+)Y)?((?<months>\d+)M)?((?<weeks>\d+)W)?((?<days>\d+)D)?"
        + @"(T((?<hours>\d+)H)?((?<minutes>\d+)M)?((?<seconds>\d+)S)?)?)?$")]
    private static partial Regex Iso();
}
