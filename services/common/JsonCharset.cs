using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace DaprShop.Common;

/// <summary>
/// JSON is UTF-8 (RFC 8259, section 8.1). The framework's reader throws at a charset in quotes (RFC 9110, section 5.6.6) and at one that it
/// does not know; here the quotes go, and any other charset is not supported.
/// </summary>
internal static class JsonCharset
{
    private const string Utf8 = "utf-8";

    /// <summary>Whether the body can be read, for all that its content type says of its characters.</summary>
    public static bool IsSupported(HttpRequest request)
    {
        var given = request.ContentType;
        if (given is null || !given.Contains("charset", StringComparison.OrdinalIgnoreCase)) return true;
        if (given.EndsWith($"charset={Utf8}", StringComparison.OrdinalIgnoreCase)) return true;
        if (!request.HasJsonContentType() || !MediaTypeHeaderValue.TryParse(given, out var type) || !type.Charset.HasValue) return true;
        var charset = HeaderUtilities.RemoveQuotes(type.Charset);
        type.Charset = Utf8;
        request.ContentType = type.ToString();
        return charset.Equals(Utf8, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>415.</summary>
    public static BadHttpRequestException Error() => new("JSON is UTF-8.", StatusCodes.Status415UnsupportedMediaType);
}
