using System.Text;

namespace DaprShop.Catalog;

/// <summary>
/// Splits text into words as the search compares them: lower case, without diacritics, apostrophes dropped ("chef's" is "chefs").
/// </summary>
public static class Words
{
    private const int MaxLength = 40;

    // U+00C0 to U+017F without their accents; '*' marks those that become two letters. (The process runs with invariant
    // globalization, where string.Normalize leaves anything beyond ASCII as it is.)
    private const string Plain =
        "aaaaaa*ceeeeiiiidnooooo.ouuuuy**aaaaaa*ceeeeiiiidnooooo.ouuuuy*y" +
        "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii**jjkkkllllllllllnnnnnnnnnoooooo**rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

    private static readonly Dictionary<char, string> s_twoLetters = new()
    {
        ['Æ'] = "ae",
        ['æ'] = "ae",
        ['Þ'] = "th",
        ['þ'] = "th",
        ['ß'] = "ss",
        ['Ĳ'] = "ij",
        ['ĳ'] = "ij",
        ['Œ'] = "oe",
        ['œ'] = "oe",
    };

    public static List<string> Of(string text)
    {
        var words = new List<string>();
        var word = new StringBuilder(MaxLength);
        foreach (var c in text)
        {
            if (char.IsLetterOrDigit(c)) AppendFolded(word, c);
            else if (!IsPartOfWord(c)) End(word, words);
        }
        End(word, words);
        return words;
    }

    private static void AppendFolded(StringBuilder word, char c)
    {
        if (char.IsAscii(c)) word.Append(char.ToLowerInvariant(c));
        else if (s_twoLetters.TryGetValue(c, out var two)) word.Append(two);
        else if (c is >= '\u00C0' and <= '\u017F') word.Append(Plain[c - '\u00C0']);
        else word.Append(char.ToLowerInvariant(c));
    }

    /// <summary>Apostrophes, and combining accents (a decomposed "é" is an "e" and one of these).</summary>
    private static bool IsPartOfWord(char c) => c is '\'' or '’' or (>= '\u0300' and <= '\u036F');

    private static void End(StringBuilder word, List<string> words)
    {
        if (word.Length > 0) words.Add(word.ToString(0, Math.Min(word.Length, MaxLength)));
        word.Clear();
    }
}
