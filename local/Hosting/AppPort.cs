using System.Net.Sockets;

namespace DaprShop.Local.Hosting;

/// <summary>Whether an app listens, which is when Dapr takes it for ready.</summary>
internal static class AppPort
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(25);

    /// <summary>Waits until the port answers.</summary>
    public static async Task WaitAsync(Uri address, CancellationToken cancellation)
    {
        while (!await AnswersAsync(address, cancellation)) await Task.Delay(s_interval, cancellation);
    }

    public static async Task<bool> AnswersAsync(Uri address, CancellationToken cancellation)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(address.Host, address.Port, cancellation);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
