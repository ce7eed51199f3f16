using System.Net;
using System.Net.Sockets;

namespace DaprShop.Conformance.Tests.Sidecars;

/// <summary>Free ports below those that the system takes for outgoing connections, none of them named twice by this process.</summary>
internal static class TestPorts
{
    private const int From = 23_000;
    private const int Count = 9_000;
    private static int s_next = Environment.ProcessId * 61;

    public static int Take()
    {
        while (true)
        {
            var port = From + (int)((uint)Interlocked.Increment(ref s_next) % Count);
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException)
            {
                // Taken: the next one.
            }
        }
    }
}
