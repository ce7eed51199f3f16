using System.Net.Sockets;
using System.Text;

namespace DaprShop.Gateway.Tests;

/// <summary>A request whose body lacks its last byte.</summary>
public sealed class UnfinishedRequest
{
    private readonly TcpClient _tcp;

    private UnfinishedRequest(TcpClient tcp) => _tcp = tcp;

    /// <summary>Ends when the gateway has taken the request, as it says by asking for the body, and all but a byte is on its way.</summary>
    /// <param name="shop">Where to send it.</param>
    /// <param name="path">What to POST to.</param>
    /// <param name="length">Of the whole body.</param>
    public static async Task<UnfinishedRequest> StartAsync(GatewayUnderTest shop, string path, int length)
    {
        var tcp = new TcpClient("127.0.0.1", shop.Settings.Port);
        var stream = tcp.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(
            $"POST {path} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\nContent-Length: {length}\r\nExpect: 100-continue\r\n\r\n"));
        var answer = new byte["HTTP/1.1 100 Continue\r\n\r\n".Length];
        await stream.ReadExactlyAsync(answer);
        Assert.Equal("HTTP/1.1 100 Continue\r\n\r\n", Encoding.Latin1.GetString(answer));
        await stream.WriteAsync(new byte[length - 1]);
        return new UnfinishedRequest(tcp);
    }

    /// <summary>Sends the last byte, and gives the answer when the gateway has closed the connection.</summary>
    public async Task<string> EndAsync()
    {
        using (_tcp)
        {
            var stream = _tcp.GetStream();
            await stream.WriteAsync(new byte[1]);
            using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
            using var reader = new StreamReader(stream, Encoding.Latin1);
            return await reader.ReadToEndAsync(limit.Token);
        }
    }
}
