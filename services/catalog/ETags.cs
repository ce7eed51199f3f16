namespace DaprShop.Catalog;

/// <summary>
/// Conditional requests (RFC 9110, section 13). Tags are <c>"version.available"</c>: both change what a reader sees, only the version
/// what staff edit.
/// </summary>
public static class ETags
{
    /// <summary>
    /// Sends the tag, and status 304 when the client has it already (<c>If-None-Match</c>, compared weakly as the RFC says).
    /// </summary>
    public static bool NotModified(HttpContext context, string etag)
    {
        context.Response.Headers.ETag = etag;
        foreach (var header in context.Request.Headers.IfNoneMatch)
        {
            if (header is null || !Split(header).Any(tag => tag == etag || tag == "*")) continue;
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return true;
        }
        return false;
    }

    /// <summary>
    /// Whether <c>If-Match</c> names this version, whatever the stock was. A tag that a proxy made weak by compressing still counts.
    /// </summary>
    public static bool IsMatch(string ifMatch, long version) =>
        Split(ifMatch).Any(tag => tag == "*" || (tag is ['"', .. var text, '"'] && text.Split('.')[0] == version.ToString()));

    private static IEnumerable<string> Split(string header) => header
        .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .Select(tag => tag.StartsWith("W/", StringComparison.Ordinal) ? tag[2..] : tag);
}
