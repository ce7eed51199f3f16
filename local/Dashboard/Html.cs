using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;

namespace DaprShop.Local.Dashboard;

/// <summary>Markup. What stands in the holes of an interpolated string is text, and is encoded, unless it is markup itself.</summary>
internal sealed class Html
{
    private readonly string _markup;

    private Html(string markup) => _markup = markup;

    public static Html Of(Builder markup) => new(markup.ToString());

    public override string ToString() => _markup;

    [InterpolatedStringHandler]
    internal readonly struct Builder(int literalLength, int holes)
    {
        private readonly StringBuilder _text = new(literalLength + (holes * 16));

        public void AppendLiteral(string markup) => _text.Append(markup);

        public void AppendFormatted(Html? markup) => _text.Append(markup?._markup);

        public void AppendFormatted(IEnumerable<Html> markups)
        {
            foreach (var markup in markups) _text.Append(markup._markup);
        }

        public void AppendFormatted(string? text) => _text.Append(HtmlEncoder.Default.Encode(text ?? ""));

        public void AppendFormatted<T>(T value) where T : struct, IFormattable =>
            AppendFormatted(value.ToString(null, CultureInfo.InvariantCulture));

        public override string ToString() => _text.ToString();
    }
}
