using System.Net.Sockets;
using System.Text;
using DaprShop.Local.Gateway;
using DaprShop.Local.Hosting;
using DaprShop.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace DaprShop.Gateway.Tests;

/// <summary>A gateway before fake services, on free ports, with a directory of its own.</summary>
public sealed class GatewayUnderTest : IAsyncDisposable
{
    public static readonly string[] Services =
        ["members", "catalog", "inventory", "basket", "ordering", "payment", "shipping", "notification", "web"];

    private readonly ILookup<string, FakeService> _replicas;
    private readonly string _data = Directory.CreateTempSubdirectory("gateway-").FullName;

    private GatewayUnderTest(string kind, GatewayLimits? limits, int replicas)
    {
        _replicas = Services.SelectMany(service => Enumerable.Repeat(service, replicas))
            .Select(service => new FakeService(service, FreePorts.Take()))
            .ToLookup(service => service.Name);
        Settings = new GatewaySettings(
            FreePorts.Take(),
            _replicas.ToDictionary(service => service.Key, IReadOnlyList<Uri> (service) => [.. service.Select(replica => replica.Address)]),
            RulesPath,
            _data,
            limits ?? new GatewayLimits());
        Gateway = Gateways.Choose(kind, Settings, NullLoggerFactory.Instance)!;
        Client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri($"http://127.0.0.1:{Settings.Port}") };
    }

    /// <summary>services/gateway of this repository.</summary>
    public static string RulesPath { get; } = Path.Combine(Repository.Root, "services", "gateway");

    public GatewaySettings Settings { get; }

    public IGateway Gateway { get; }

    /// <summary>Speaks to the gateway.</summary>
    public HttpClient Client { get; }

    public IEnumerable<FakeService> All => _replicas.SelectMany(replicas => replicas);

    /// <summary>The first replica of a service.</summary>
    public FakeService this[string service] => _replicas[service].First();

    /// <param name="kind"><c>nginx</c> or <c>builtin</c>.</param>
    /// <param name="limits">The development defaults unless given.</param>
    /// <param name="replicas">Of each service.</param>
    /// <param name="withServices">False leaves every service down.</param>
    public static async Task<GatewayUnderTest> StartAsync(
        string kind, GatewayLimits? limits = null, int replicas = 1, bool withServices = true)
    {
        var shop = new GatewayUnderTest(kind, limits, replicas);
        await shop.Gateway.StartAsync(CancellationToken.None);
        if (withServices) await Task.WhenAll(shop.All.Select(service => service.StartAsync()));
        return shop;
    }

    /// <summary>Sends bytes as they are, which HttpClient would tidy up, and reads until the gateway closes.</summary>
    public async Task<string> SendRawAsync(string request)
    {
        using var tcp = new TcpClient("127.0.0.1", Settings.Port);
        await using var stream = tcp.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request));
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        using var reader = new StreamReader(stream, Encoding.Latin1);
        return await reader.ReadToEndAsync(limit.Token);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Gateway.DisposeAsync();
        foreach (var service in All) await service.DisposeAsync();
        Directory.Delete(_data, recursive: true);
    }
}
