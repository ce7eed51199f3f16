using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using DaprShop.Common;

namespace DaprShop.Members;

/// <summary>Where a request comes from, as far as it can be trusted: what the gateway put into <c>X-Forwarded-For</c>.</summary>
public static class ClientAddress
{
    /// <summary>
    /// A hash of the client's network (<see cref="ClientNetwork"/>), to count by. Hops before the gateway's are the client's own claim and
    /// are ignored.
    /// </summary>
    public static string Key(HttpContext context)
    {
        var address = GatewaysHop(context.Request) ?? context.Connection.RemoteIpAddress ?? IPAddress.None;
        return Base64Url.EncodeToString(SHA256.HashData(ClientNetwork.Of(address).BaseAddress.GetAddressBytes()).AsSpan(0, 12));
    }

    /// <summary>
    /// Another service calls, on behalf of a visitor. Clients cannot pretend to be one: the gateway lets no <c>dapr-*</c> header through.
    /// </summary>
    public static bool IsService(HttpRequest request) => request.Headers.ContainsKey("dapr-caller-app-id");

    /// <summary>
    /// The last hop; or, when another service calls, the one before it: the sidecar has added its own host after what that service passed on.
    /// </summary>
    private static IPAddress? GatewaysHop(HttpRequest request)
    {
        var hops = request.Headers.GetCommaSeparatedValues("X-Forwarded-For");
        var throughSidecar = IsService(request) && hops.Length > 1;
        return hops.Length > 0 && IPAddress.TryParse(throughSidecar ? hops[^2] : hops[^1], out var address) ? address : null;
    }
}
