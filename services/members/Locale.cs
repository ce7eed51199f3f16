using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace DaprShop.Members;

/// <summary>A language tag of BCP 47 (RFC 5646, the <c>langtag</c> without extensions): language[-script][-region][-variant…].</summary>
public static partial class Locale
{
    public const string Default = "en";

    /// <summary>Accepts any case and writes the recommended one: <c>zh-Hant-TW</c>.</summary>
    public static bool TryNormalize(string? tag, [NotNullWhen(true)] out string? normal)
    {
        normal = tag is { Length: <= 35 } && Pattern().IsMatch(tag)
            ? string.Join('-', tag.ToLowerInvariant().Split('-').Select((part, at) => at == 0 ? part : Cased(part)))
            : null;
        return normal is not null;
    }

    private static string Cased(string part) => part switch
    {
        { Length: 2 } => part.ToUpperInvariant(),
        { Length: 4 } when char.IsAsciiLetter(part[0]) => char.ToUpperInvariant(part[0]) + part[1..],
        _ => part,
    };

    [GeneratedRegex(
        @"^[a-zA-Z]{2,3}(-[a-zA-Z]{4})?(-([a-zA-Z]{2}|[0-9]{3}))?(-([a-zA-Z0-9]{5,8}|[0-9][a-zA-Z0-9]{3}))*\z",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Pattern();
}
