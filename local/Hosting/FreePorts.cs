using System.Net;
using System.Net.Sockets;

namespace DaprShop.Local.Hosting;

/// <summary>
/// Free ports of this machine, below the range that operating systems take for outgoing connections, so that none is gone again by
/// the time it is listened on. Each process begins anywhere and hands out one after the other, so that it never names one twice.
/// </summary>
internal static class FreePorts
{
    private const int From = 11_000;
    private const int Count = 21_000;

    private static int s_next = Random.Shared.Next(Count);

    public static int Take()
    {
        for (var attempt = 0; attempt < Count; attempt++)
        {
            var port = From + (int)((uint)Interlocked.Increment(ref s_next) % Count);
            if (IsFree(port)) return port;
        }
        throw new InvalidOperationException("No free port.");
    }

    public static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
