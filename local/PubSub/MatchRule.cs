using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace DaprShop.Local.PubSub;

/// <summary>
/// The conditions of routing rules, a part of CEL: <c>event.type == "x"</c>, <c>event.data.total &gt;= 10</c>, the comparisons,
/// <c>&amp;&amp;</c>, <c>||</c>, <c>!</c> and parentheses. All else is refused.
/// </summary>
/// <remarks>
/// As in CEL, there is no telling what comes of a member that an event does not have, nor in which order values of different kinds are;
/// <c>&amp;&amp;</c> and <c>||</c> need not know when the other side decides.
/// </remarks>
public sealed partial class MatchRule
{
    /// <summary>What a member is that an event does not have.</summary>
    private static readonly object s_missing = new();

    /// <summary>Letters behind a backslash, and what each of them means.</summary>
    private const string Escapes = "\\\"'`?abfnrtv";
    private const string Meanings = "\\\"'`?\a\b\f\n\r\t\v";

    private readonly Func<JsonElement, bool?> _matches;

    private MatchRule(Func<JsonElement, bool?> matches) => _matches = matches;

    /// <summary>Null when there is no telling.</summary>
    public bool? Matches(JsonElement cloudEvent) => _matches(cloudEvent);

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

        public Func<JsonElement, bool?> Or()
        {
            var left = And();
            while (TryTake("||")) left = Either(left, And());
            return left;
        }

        public void End()
        {
            if (text[_position..].Trim().Length > 0) throw Unexpected();
        }

        private Func<JsonElement, bool?> And()
        {
            var left = Not();
            while (TryTake("&&")) left = Both(left, Not());
            return left;
        }

        private Func<JsonElement, bool?> Not()
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

        private Func<JsonElement, bool?> Comparison()
        {
            var left = Operand();
            var comparison = Take("op");
            var right = Operand();
            return comparison switch
            {
                "==" => cloudEvent => AreEqual(left(cloudEvent), right(cloudEvent)),
                "!=" => cloudEvent => !AreEqual(left(cloudEvent), right(cloudEvent)),
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
                var groups when groups["text"] is { Success: true } quoted => Unquote(quoted.Value) ?? throw Unexpected(),
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

    private static Func<JsonElement, bool?> Either(Func<JsonElement, bool?> left, Func<JsonElement, bool?> right) =>
        cloudEvent => left(cloudEvent) | right(cloudEvent);

    private static Func<JsonElement, bool?> Both(Func<JsonElement, bool?> left, Func<JsonElement, bool?> right) =>
        cloudEvent => left(cloudEvent) & right(cloudEvent);

    private static bool? AreEqual(object? left, object? right) => (left, right) switch
    {
        _ when left == s_missing || right == s_missing => null,
        (JsonElement a, JsonElement b) => JsonElement.DeepEquals(a, b),
        _ => Equals(left, right),
    };

    private static Func<JsonElement, bool?> Ordered(
        Func<JsonElement, object?> left, Func<JsonElement, object?> right, Func<int, bool> isInOrder) => cloudEvent =>
        (left(cloudEvent), right(cloudEvent)) switch
        {
            (double a, double b) => isInOrder(a.CompareTo(b)),
            (string a, string b) => isInOrder(string.CompareOrdinal(a, b)),
            (bool a, bool b) => isInOrder(a.CompareTo(b)),
            _ => null,
        };

    private static object? Value(JsonElement element, ReadOnlySpan<string> names)
    {
        foreach (var name in names)
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element)) return s_missing;
        return element.ValueKind switch
        {
            JsonValueKind.String => Text(element),
            JsonValueKind.Number => element.GetDouble(),
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.Null => null,
            _ => element,
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

    /// <summary>Null when something in it is escaped that is not served.</summary>
    private static string? Unquote(string quoted)
    {
        var text = new StringBuilder();
        for (var i = 1; i < quoted.Length - 1; i++)
        {
            if (quoted[i] != '\\') text.Append(quoted[i]);
            else if (Escapes.IndexOf(quoted[++i]) is >= 0 and var escape) text.Append(Meanings[escape]);
            else return null;
        }
        return text.ToString();
    }
}
