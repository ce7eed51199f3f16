using System.Text.RegularExpressions;

namespace DaprShop.Deployment.Tests;

/// <summary>What a PromQL expression asks for, as far as dashboards go.</summary>
/// <param name="Selectors">Each metric, and the labels that are compared.</param>
/// <param name="Kept">The labels that its groupings keep.</param>
public sealed partial record PromQuery(IReadOnlyList<PromQuery.Selector> Selectors, IReadOnlyList<string> Kept)
{
    private static readonly string[] s_words = ["and", "or", "unless", "offset", "bool", "by", "without"];

    public static PromQuery Of(string expression)
    {
        var plain = Range().Replace(Text().Replace(expression, "\"\""), "");
        var kept = Grouping().Matches(plain).SelectMany(match => Name().Matches(match.Groups[1].Value)).Select(match => match.Value);
        var selectors = Metric().Matches(Grouping().Replace(plain, " "))
            .Where(match => !s_words.Contains(match.Groups[1].Value))
            .Select(match => new Selector(
                match.Groups[1].Value, [.. Matcher().Matches(match.Groups[2].Value).Select(label => label.Groups[1].Value)]));
        return new PromQuery([.. selectors], [.. kept]);
    }

    /// <summary>A metric, and the labels that it is selected by.</summary>
    public sealed record Selector(string Metric, IReadOnlyList<string> Labels);

    [GeneratedRegex(@"""(?:\\.|[^""\\])*""")]
    private static partial Regex Text();

    [GeneratedRegex(@"\[[^\]]*\]")]
    private static partial Regex Range();

    [GeneratedRegex(@"\bby\s*\(([^)]*)\)")]
    private static partial Regex Grouping();

    [GeneratedRegex(@"\w+")]
    private static partial Regex Name();

    /// <summary>A name that is no number's unit and is not called.</summary>
    [GeneratedRegex(@"(?<![\w.$])([a-zA-Z_:][\w:]*)\b(?!\s*\()(?:\s*\{([^}]*)\})?")]
    private static partial Regex Metric();

    [GeneratedRegex(@"(\w+)\s*(?:=~|!~|!=|=)")]
    private static partial Regex Matcher();
}
