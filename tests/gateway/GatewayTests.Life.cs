using System.Net;
using System.Net.Sockets;
using DaprShop.Local.Configuration;
using DaprShop.Local.Gateway;

namespace DaprShop.Gateway.Tests;

/// <content>Its own start and end.</content>
public abstract partial class GatewayTests
{
    [Fact]
    public async Task Stopped_it_leaves_the_port_free()
    {
        var shop = await GatewayUnderTest.StartAsync(kind);
        var port = shop.Settings.Port;
        await shop.DisposeAsync();

        using var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start();
    }

    [Fact]
    public async Task A_port_in_use_is_one_clear_line()
    {
        await using var second = Gateways.Choose(
            kind, _shop.Settings with { DataPath = Path.Combine(_shop.Settings.DataPath, "second") },
            Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance)!;

        var error = await Assert.ThrowsAsync<ConfigurationError>(() => second.StartAsync(CancellationToken.None));

        Assert.Equal($"Port {_shop.Settings.Port} is in use; stop what uses it, or choose another with --port.", error.Message);
    }
}
