using System.Net;
using System.Net.Sockets;
using DaprShop.Local.Hosting;

namespace DaprShop.Local.Tests.Hosting;

public sealed class AppChannelTests
{
    /// <summary>As of an app that is stopped or overrun: its queue of connections is full, and nobody takes one out.</summary>
    [Fact]
    public async Task An_app_that_takes_no_connection_in_time_cannot_be_reached()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        var queue = Enumerable.Range(0, 8).Select(_ => new Socket(SocketType.Stream, ProtocolType.Tcp)).ToList();
        foreach (var socket in queue) _ = socket.ConnectAsync(listener.LocalEndPoint!);

        using var channel = new AppChannel("app", new Uri($"http://{listener.LocalEndPoint}/"), token: null);
        using var request = new HttpRequestMessage(HttpMethod.Get, channel.Address);
        var error = await Assert.ThrowsAsync<HttpRequestException>(
            () => channel.Http.SendAsync(request, TestContext.Current.CancellationToken));
        Assert.Equal(HttpRequestError.ConnectionError, error.HttpRequestError);
        foreach (var socket in queue) socket.Dispose();
    }
}
