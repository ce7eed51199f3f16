using System.Globalization;
using System.Text.RegularExpressions;

namespace DaprShop.Local.Resiliency;

/// <summary>What a circuit breaker has counted since it last closed or its interval began.</summary>
public readonly record struct BreakerCounts(
    long Requests, long TotalSuccesses, long TotalFailures, long ConsecutiveSuccesses, long ConsecutiveFailures);

/// <summary>
/// The <c>trip</c> of a circuit breaker, e.g. <c>consecutiveFailures &gt; 5</c> or <c>requests &gt; 9 &amp;&amp; totalFailures &gt; 4</c>;
/// Dapr evaluates any CEL expression, here comparisons of the five counters with whole numbers, joined by &amp;&amp; and ||, are
/// understood.
/// </summary>
public sealed partial class TripExpression
{
    private readonly Func<BreakerCounts, bool>[][] _anyOfAll;

    private TripExpression(Func<BreakerCounts, bool>[][] anyOfAll) => _anyOfAll = anyOfAll;

    public static TripExpression Default { get; } = Parse("consecutiveFailures > 5");

    public bool Holds(BreakerCounts counts) => Array.Exists(_anyOfAll, all => Array.TrueForAll(all, comparison => comparison(counts)));

    /// <exception cref="FormatException">Not such an expression.</exception>
    public static TripExpression Parse(string text) =>
        new([.. text.Split("||").Select(all => all.Split("&&").Select(ParseComparison).ToArray())]);

    private static Func<BreakerCounts, bool> ParseComparison(string text)
    {
        if (Comparison().Match(text) is not { Success: true } match || Counter(match.Groups["counter"].Value) is not { } counter
            || !long.TryParse(match.Groups["number"].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            throw new FormatException($"'{text.Trim()}' is not a comparison of a circuit breaker's counter with a whole number");
        return match.Groups["operator"].Value switch
        {
            ">" => counts => counter(counts) > number,
            ">=" => counts => counter(counts) >= number,
            "<" => counts => counter(counts) < number,
            "<=" => counts => counter(counts) <= number,
            "==" => counts => counter(counts) == number,
            _ => counts => counter(counts) != number,
        };
    }

    private static Func<BreakerCounts, long>? Counter(string name) => name switch
    {
        "requests" => counts => counts.Requests,
        "totalSuccesses" => counts => counts.TotalSuccesses,
        "totalFailures" => counts => counts.TotalFailures,
        "consecutiveSuccesses" => counts => counts.ConsecutiveSuccesses,
        "consecutiveFailures" => counts => counts.ConsecutiveFailures,
        _ => null,
    };

    [GeneratedRegex(@"^\s*(?<counter>\w+)\s*(?<operator>>=|<=|==|!=|>|<)\s*(?<number>\d+)\s*$")]
    private static partial Regex Comparison();
}
