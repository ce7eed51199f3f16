namespace DaprShop.Catalog;

/// <summary>
/// Finds the terms of a sorted list within a small edit distance of a word: optimal string alignment (insert, delete, substitute, swap
/// neighbours). The table of distances is filled one row for each letter of a term; terms that share a prefix share its rows, and when no
/// cell of a row is within the limit, every term with that prefix is skipped at once.
/// </summary>
public static class TypoMatcher
{
    /// <summary>Mistakes forgiven in a word: none in short ones and numbers, 1 from four letters, 2 from eight.</summary>
    public static int Tolerance(string word) => word.Length < 4 || word.All(char.IsAsciiDigit) ? 0 : word.Length < 8 ? 1 : 2;

    /// <summary>Calls <paramref name="found"/> with the index of each matching term, <paramref name="word"/> itself included.</summary>
    /// <param name="terms">Sorted by ordinal, without duplicates.</param>
    /// <param name="sharedPrefix">For each term, how many letters it shares with the one before it.</param>
    public static void Find(string[] terms, byte[] sharedPrefix, string word, int limit, Action<int> found)
    {
        var longest = word.Length + limit;
        var rows = new int[longest + 2][];
        for (var i = 0; i < rows.Length; i++) rows[i] = new int[word.Length + 1];
        for (var j = 0; j <= word.Length; j++) rows[0][j] = j;

        var valid = 0; // rows 1..valid belong to the previous term
        for (var t = 0; t < terms.Length; t++)
        {
            valid = Math.Min(valid, sharedPrefix[t]);
            var term = terms[t];
            var dead = false;
            while (valid < term.Length && !dead)
            {
                valid++;
                dead = valid > longest || FillRow(rows, valid, term, word) > limit;
            }
            if (!dead)
            {
                if (rows[term.Length][word.Length] <= limit) found(t);
                continue;
            }
            // Every following term that shares the dead prefix is dead too.
            while (t + 1 < terms.Length && sharedPrefix[t + 1] >= valid) t++;
            valid--;
        }
    }

    /// <summary>For each term, how many letters it shares with the one before it (at most 255).</summary>
    public static byte[] SharedPrefixes(string[] terms)
    {
        var shared = new byte[terms.Length];
        for (var t = 1; t < terms.Length; t++)
            shared[t] = (byte)Math.Min(byte.MaxValue, terms[t].AsSpan().CommonPrefixLength(terms[t - 1]));
        return shared;
    }

    private static int FillRow(int[][] rows, int i, string term, string word)
    {
        int[] row = rows[i], above = rows[i - 1];
        var letter = term[i - 1];
        var least = row[0] = i;
        for (var j = 1; j < row.Length; j++)
        {
            var distance = Math.Min(Math.Min(above[j], row[j - 1]) + 1, above[j - 1] + (letter == word[j - 1] ? 0 : 1));
            if (i > 1 && j > 1 && letter == word[j - 2] && term[i - 2] == word[j - 1])
                distance = Math.Min(distance, rows[i - 2][j - 2] + 1);
            row[j] = distance;
            least = Math.Min(least, distance);
        }
        return least;
    }
}
