using Microsoft.AspNetCore.HttpOverrides;

namespace DaprShop.Web.Session;

/// <summary>
/// Whether the visitor came by https, as the gateway tells (<c>X-Forwarded-Proto</c>): cookies are then for https alone. Nobody but the
/// gateway reaches this service, and it says so itself, whatever a client says.
/// </summary>
public static class VisitorScheme
{
    public static void UseVisitorScheme(this WebApplication app)
    {
        var forwarded = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedProto };
        // The gateway has no address that could be known beforehand.
        forwarded.KnownIPNetworks.Clear();
        forwarded.KnownProxies.Clear();
        app.UseForwardedHeaders(forwarded);
    }
}
