using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace DaprShop.Local.PubSub;

/// <summary>
/// The conditions of routing rules, a part of CEL: <c>event.type == "x"</c>, <c>event.data.total &gt;= 10</c>, the comparisons,
/// <c>&amp;&amp;</c>, <c>||</c>, <c>!</c> and parentheses. A member that an event does not have equals null. All else is refused.
/// </summary>
public sealed partial class MatchRule
{
    private readonly Func<JsonElement, bool> _matches;

    private MatchRule(Func<JsonElement, bool> matches) => _matches = matches;

    public bool Matches(JsonElement cloudEvent) => _matches(cloudEvent);

    /// <exception cref="FormatException">Not an expression that is served.</exception>
    public static MatchRule Parse(string text)
    {
        var parser = new Parser(text);
        var rule = parser.Or();
        parser.End();
        return new MatchRule(rule);
    }

    [GeneratedRegex("""
        \s*(?:
          (?<op> && | \|\| | == | != | <= | >= | [!<>()] ) |
          (?<text> "(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*' ) |
          (?<number> -?\d+(?:\.\d+)? ) |
          (?<path> [A-Za-z_][\w.]* ))
        """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Token();

    private sealed class Parser(string text)
    {
        private int _position;

        public Func<JsonElement, bool> Or()
        {
            var left = And();
            while (TryTake("||")) left = Either(left, And());
            return left;
        }

        public void End()
        {
            if (text[_position..].Trim().Length > 0) throw Unexpected();
        }

        private Func<JsonElement, bool> And()
        {
            var left = Not();
            while (TryTake("&&")) left = Both(left, Not());
            return left;
        }

        private Func<JsonElement, bool> Not()
        {
            if (TryTake("!"))
            {
                var inner = Not();
                return cloudEvent => !inner(cloudEvent);
            }

            if (!TryTake("(")) return Comparison();
            var group = Or();
            return TryTake(")") ? group : throw Unexpected();
        }

        private Func<JsonElement, bool> Comparison()
        {
            var left = Operand();
            var comparison = Take("op");
            var right = Operand();
            return comparison switch
            {
                "==" => cloudEvent => Equals(left(cloudEvent), right(cloudEvent)),
                "!=" => cloudEvent => !Equals(left(cloudEvent), right(cloudEvent)),
                "<" => Ordered(left, right, order => order < 0),
                "<=" => Ordered(left, right, order => order <= 0),
                ">" => Ordered(left, right, order => order > 0),
                ">=" => Ordered(left, right, order => order >= 0),
                _ => throw Unexpected(),
            };
        }

        private Func<JsonElement, object?> Operand()
        {
            var token = Token().Match(text, _position);
            if (!token.Success || token.Index != _position || token.Groups["op"].Success) throw Unexpected();
            _position += token.Length;
            object? constant = token.Groups switch
            {
                var groups when groups["text"] is { Success: true } quoted => Unquote(quoted.Value),
                var groups when groups["number"] is { Success: true } number => double.Parse(number.Value, CultureInfo.InvariantCulture),
                var groups => groups["path"].Value switch { "true" => true, "false" => false, "null" => null, var path => Path(path) },
            };
            return constant as Func<JsonElement, object?> ?? (_ => constant);
        }

        private Func<JsonElement, object?> Path(string path)
        {
            var names = path.Split('.');
            if (names.Length < 2 || names[0] != "event" || names.Any(name => name.Length == 0)) throw Unexpected();
            return cloudEvent => Value(cloudEvent, names.AsSpan(1));
        }

        private bool TryTake(string op)
        {
            var token = Token().Match(text, _position);
            if (!token.Success || token.Index != _position || token.Groups["op"].Value != op) return false;
            _position += token.Length;
            return true;
        }

        private string Take(string kind)
        {
            var token = Token().Match(text, _position);
            if (!token.Success || token.Index != _position || !token.Groups[kind].Success) throw Unexpected();
            _position += token.Length;
            return token.Groups[kind].Value;
        }

        private FormatException Unexpected() => new(
            $"match rule '{text}' is not understood at column {_position + 1}; " +
            "the local runtime serves comparisons of event.… joined by && and ||");
    }

    private static Func<JsonElement, bool> Either(Func<JsonElement, bool> left, Func<JsonElement, bool> right) =>
        cloudEvent => left(cloudEvent) || right(cloudEvent);

    private static Func<JsonElement, bool> Both(Func<JsonElement, bool> left, Func<JsonElement, bool> right) =>
        cloudEvent => left(cloudEvent) && right(cloudEvent);

    private static Func<JsonElement, bool> Ordered(
        Func<JsonElement, object?> left, Func<JsonElement, object?> right, Func<int, bool> isInOrder) => cloudEvent =>
        (left(cloudEvent), right(cloudEvent)) switch
        {
            (double a, double b) => isInOrder(a.CompareTo(b)),
            (string a, string b) => isInOrder(string.CompareOrdinal(a, b)),
            _ => false,
        };

    private static object? Value(JsonElement element, ReadOnlySpan<string> names)
    {
        foreach (var name in names)
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element)) return null;
        return element.ValueKind switch
        {
            JsonValueKind.String => Text(element),
            JsonValueKind.Number => element.GetDouble(),
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => null,
        };
    }

    /// <summary>Half a surrogate pair is well-formed JSON and still no text; it is compared as it is written.</summary>
    private static string? Text(JsonElement element)
    {
        try
        {
            return element.GetString();
        }
        catch (InvalidOperationException)
        {
            return element.GetRawText();
        }
    }

    private static string Unquote(string quoted)
    {
        var text = new StringBuilder();
        for (var i = 1; i < quoted.Length - 1; i++) text.Append(quoted[i] == '\\' ? quoted[++i] : quoted[i]);
        return text.ToString();
    }
}
