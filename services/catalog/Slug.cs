namespace DaprShop.Catalog;

/// <summary>Readable ids: lower-case ASCII letters and digits in groups joined by single hyphens.</summary>
public static class Slug
{
    public const int MaxLength = 64;

    public static bool IsValid(string? text)
    {
        if (text is null or { Length: 0 or > MaxLength } || text[0] == '-' || text[^1] == '-') return false;
        for (var i = 0; i < text.Length; i++)
        {
            var valid = char.IsAsciiLetterLower(text[i]) || char.IsAsciiDigit(text[i]) || (text[i] == '-' && text[i - 1] != '-');
            if (!valid) return false;
        }
        return true;
    }

    /// <summary>A slug made of the words of <paramref name="text"/>; empty when it has no word in Latin letters or digits.</summary>
    public static string From(string text)
    {
        var slug = string.Join('-', Words.Of(text).Where(word => word.All(char.IsAsciiLetterOrDigit)));
        return slug.Length <= MaxLength ? slug : slug[..MaxLength].TrimEnd('-');
    }
}
