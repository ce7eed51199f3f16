using System.Globalization;

namespace DaprShop.Local.Resiliency;

/// <summary>Which status codes a retry policy retries: <c>429,500-599</c>. No list means all errors.</summary>
/// <param name="Ranges">Inclusive; null matches everything.</param>
public sealed record StatusMatch(IReadOnlyList<(int From, int To)>? Ranges)
{
    public static StatusMatch All { get; } = new((IReadOnlyList<(int, int)>?)null);

    public bool Includes(int status)
    {
        if (Ranges is null) return true;
        foreach (var (from, to) in Ranges)
            if (status >= from && status <= to) return true;
        return false;
    }

    /// <exception cref="FormatException">Not a list of codes and ranges from <paramref name="min"/> to <paramref name="max"/>.</exception>
    public static StatusMatch Parse(string? list, int min, int max) => string.IsNullOrEmpty(list)
        ? All
        : new([.. list.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(range => ParseRange(range.Trim(), min, max))]);

    private static (int, int) ParseRange(string range, int min, int max)
    {
        var ends = range.Split('-');
        if (ends.Length <= 2 && TryCode(ends[0], out var from) && TryCode(ends[^1], out var to) && from <= to) return (from, to);
        throw new FormatException($"'{range}' is not a status code or range from {min} to {max}");

        bool TryCode(string text, out int code) =>
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out code) && code >= min && code <= max;
    }
}
