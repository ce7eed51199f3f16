using System.Net;
using System.Net.Sockets;

namespace DaprShop.Local.Gateway;

/// <summary>
/// A connection to nginx on which nothing more is asked: its worker closes it when it is told to end, and all of them are told at once.
/// </summary>
internal sealed class IdleConnection : IDisposable
{
    private readonly TcpClient _client = new();

    /// <summary>Ends when a worker has answered once, so that the connection is that worker's.</summary>
    public async Task OpenAsync(int port, CancellationToken cancellation)
    {
        await _client.ConnectAsync(IPAddress.Loopback, port, cancellation);
        var stream = _client.GetStream();
        await stream.WriteAsync("GET /-/idle HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray(), cancellation);
        await stream.ReadExactlyAsync(new byte[1], cancellation);
    }

    /// <summary>Ends when the worker has closed it.</summary>
    public Task ClosedAsync(CancellationToken cancellation) => _client.GetStream().CopyToAsync(Stream.Null, cancellation);

    public void Dispose() => _client.Dispose();
}
