using System.Net.Sockets;

namespace DaprShop.Local.Hosting;

/// <summary>
/// Opens connections to an app. One that does not come about in time has failed like one that is refused; <see cref="SocketsHttpHandler"/>
/// with its own limit would say that the call had been cancelled, as if its caller wanted it no more.
/// </summary>
internal static class AppConnection
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(2);

    /// <exception cref="SocketException">Nobody listens, or takes the connection in time.</exception>
    public static async ValueTask<Stream> OpenAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(s_limit);
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, limit.Token);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (Exception error)
        {
            socket.Dispose();
            if (error is OperationCanceledException && !cancellation.IsCancellationRequested)
                throw new SocketException((int)SocketError.TimedOut);
            throw;
        }
    }
}
