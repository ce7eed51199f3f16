using System.Net;
using System.Net.Sockets;

namespace DaprShop.Common;

/// <summary>
/// Whom limits count: one IPv4 address, or a /64 of IPv6, which any home or server has to itself; services/gateway/nginx.conf agrees.
/// </summary>
public static class ClientNetwork
{
    private const int PrefixLength = 64;

    /// <summary>The network of <paramref name="address"/>; an IPv4 address written as an IPv6 one is IPv4.</summary>
    public static IPNetwork Of(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        var bytes = address.GetAddressBytes();
        if (address.AddressFamily is not AddressFamily.InterNetworkV6) return new IPNetwork(address, bytes.Length * 8);
        bytes.AsSpan(PrefixLength / 8).Clear();
        return new IPNetwork(new IPAddress(bytes), PrefixLength);
    }
}
