using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace DaprShop.Members;

/// <summary>Where a request comes from, as far as it can be trusted: what the gateway put into <c>X-Forwarded-For</c>.</summary>
public static class ClientAddress
{
    /// <summary>
    /// A hash of the address, to count by. Hops before the gateway's are the client's own claim and are ignored. A home or a server has a
    /// whole /64 of IPv6 addresses, so those count as one.
    /// </summary>
    public static string Key(HttpContext context)
    {
        var address = GatewaysHop(context.Request) ?? context.Connection.RemoteIpAddress ?? IPAddress.None;
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        var bytes = address.GetAddressBytes().AsSpan();
        if (address.AddressFamily == AddressFamily.InterNetworkV6) bytes = bytes[..8];
        return Base64Url.EncodeToString(SHA256.HashData(bytes).AsSpan(0, 12));
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
