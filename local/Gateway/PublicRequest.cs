using System.Collections.Frozen;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http.Features;

namespace DaprShop.Local.Gateway;

/// <summary>What the built-in gateway makes of a request before it goes anywhere.</summary>
/// <param name="Id">The client's <c>X-Request-Id</c> when it is a sane one, else a new id.</param>
/// <param name="Path">As the client wrote it, before any decoding, without the query.</param>
/// <param name="Service">Who answers; "" when the path is not public.</param>
internal sealed partial record PublicRequest(string Id, string Path, string Service)
{
    public static readonly FrozenSet<string> Methods =
        FrozenSet.ToFrozenSet(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"], StringComparer.Ordinal);

    // Pages may load what the shop itself serves; answers of the API are no pages and may load nothing.
    private const string PagePolicy =
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";
    private const string ApiPolicy = "default-src 'none'; frame-ancestors 'none'";

    public bool IsEventStream => EventStream().IsMatch(Path);

    public static PublicRequest Of(HttpContext context) => context.Features.GetRequiredFeature<PublicRequest>();

    /// <summary>Reads the request and keeps the result for <see cref="Of"/>.</summary>
    public static PublicRequest Read(HttpContext context, GatewayRules rules)
    {
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var path = PathOf().Match(target).Groups["path"].Value;
        var id = context.Request.Headers["X-Request-Id"].ToString();
        var request = new PublicRequest(SaneId().IsMatch(id) ? id : Guid.NewGuid().ToString("N"), path, rules.ServiceOf(path));
        context.Features.Set(request);
        return request;
    }

    /// <summary>What every answer carries, whatever the service says; as services/gateway/response-headers.conf.</summary>
    public Task SetResponseHeaders(IHeaderDictionary headers)
    {
        headers["X-Request-Id"] = Id;
        headers.ContentSecurityPolicy = Service == "web" ? PagePolicy : ApiPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "strict-origin-when-cross-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=()";
        headers.Remove("Strict-Transport-Security");
        headers.Remove("Server");
        headers.Remove("X-Powered-By");
        return Task.CompletedTask;
    }

    [GeneratedRegex("^(https?://[^/?#]*)?(?<path>/[^?]*)", RegexOptions.IgnoreCase)]
    private static partial Regex PathOf();

    [GeneratedRegex("^[A-Za-z0-9._-]{8,64}$")]
    private static partial Regex SaneId();

    [GeneratedRegex("^/api/orders/[^/]+/stream$")]
    private static partial Regex EventStream();
}
