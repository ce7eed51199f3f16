using System.Net;
using System.Text;
using System.Xml;

namespace DaprShop.Catalog;

/// <summary>
/// A product's picture: an SVG drawing that is the same whenever it is made. Colours are the category's, shifted a little for each
/// product.
/// </summary>
public static class ProductPicture
{
    private static readonly Dictionary<string, int> s_hues = new()
    {
        ["kitchen"] = 18,
        ["coffee-and-tea"] = 32,
        ["home-office"] = 214,
        ["lighting"] = 44,
        ["audio"] = 262,
        ["outdoors"] = 162,
        ["garden"] = 104,
        ["bath-and-body"] = 188,
        ["games"] = 338,
        ["bags"] = 232,
    };

    private const int LineLength = 26;

    public static string Draw(Product product)
    {
        var hash = Hash(product.Id);
        var hue = s_hues.GetValueOrDefault(product.Category, (int)(Hash(product.Category) % 360)) + (int)(hash % 25) - 12;
        var turn = (int)(hash / 25 % 60) - 30;
        var shift = (int)(hash / 1500 % 120);
        return $"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400" role="img" aria-label="{Escape(product.Name)}">
            <defs><linearGradient id="g" gradientTransform="rotate({45 + turn} .5 .5)"><stop offset="0" stop-color="hsl({hue},62%,88%)"/>
            <stop offset="1" stop-color="hsl({hue + 24},54%,74%)"/></linearGradient></defs>
            <rect width="400" height="400" fill="url(#g)"/>
            <circle cx="{60 + shift}" cy="{70 + shift / 2}" r="{70 + shift / 2}" fill="#fff" fill-opacity=".22"/>
            <circle cx="{370 - shift}" cy="{330 - shift / 3}" r="{120 - shift / 3}" fill="hsl({hue + 40},60%,66%)" fill-opacity=".28"/>
            <circle cx="200" cy="172" r="112" fill="#fff" fill-opacity=".72"/>
            <g transform="translate(200 172) rotate({turn / 5}) scale(5.6) translate(-12 -12)" fill="none" stroke="hsl({hue},46%,32%)"
            stroke-width="1.3" stroke-linecap="round" stroke-linejoin="round"><path d="{Pictograms.For(product)}"/></g>
            <g font-family="Inter,'Segoe UI',system-ui,sans-serif" font-size="22" font-weight="600" text-anchor="middle"
            fill="hsl({hue},50%,22%)">
            {Caption(product.Name)}
            </g>
            </svg>
            """;
    }

    /// <summary>The name on one or two lines, the second cut short if need be.</summary>
    private static string Caption(string name)
    {
        if (name.Length <= LineLength) return Line(name, 346);
        var space = name.LastIndexOf(' ', LineLength);
        var cut = space > 0 ? space : LineLength;
        var rest = name[cut..].Trim();
        return Line(name[..cut], 334) + Line(rest.Length <= LineLength ? rest : rest[..(LineLength - 1)] + "…", 362);
    }

    private static string Line(string text, int y) => $"""<text x="200" y="{y}">{Escape(text)}</text>""";

    /// <summary>Text for XML, where some characters may not be: a surrogate left alone by a cut, U+FFFE, …</summary>
    private static string Escape(string text) => WebUtility.HtmlEncode(string.Concat(text.EnumerateRunes().Select(rune =>
        rune.IsBmp && !XmlConvert.IsXmlChar((char)rune.Value) ? Rune.ReplacementChar : rune)));

    /// <summary>FNV-1a: the same in every process, as string.GetHashCode is not.</summary>
    private static uint Hash(string text)
    {
        var hash = 2166136261;
        foreach (var c in text) hash = unchecked((hash ^ c) * 16777619);
        return hash;
    }
}
