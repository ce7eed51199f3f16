using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Extensions.Primitives;

namespace DaprShop.Members;

/// <summary>Where a request comes from, as far as it can be trusted: what the gateway appended to <c>X-Forwarded-For</c>.</summary>
public static class ClientAddress
{
    /// <summary>
    /// A hash of the address, to count by. Earlier hops are the client's own claim and are ignored. A home or a server has a whole /64 of
    /// IPv6 addresses, so those count as one.
    /// </summary>
    public static string Key(HttpContext context)
    {
        var address = LastHop(context.Request.Headers["X-Forwarded-For"]) ?? context.Connection.RemoteIpAddress ?? IPAddress.None;
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        var bytes = address.GetAddressBytes().AsSpan();
        if (address.AddressFamily == AddressFamily.InterNetworkV6) bytes = bytes[..8];
        return Base64Url.EncodeToString(SHA256.HashData(bytes).AsSpan(0, 12));
    }

    private static IPAddress? LastHop(StringValues forwarded) =>
        forwarded is [.., { } last] && IPAddress.TryParse(last.AsSpan()[(last.LastIndexOf(',') + 1)..].Trim(), out var address) ? address : null;
}
