using System.Net.Http.Json;
using System.Text.Json;
using DaprShop.Local.Cli;
using DaprShop.Local.Configuration;
using DaprShop.Local.Dashboard;
using DaprShop.Local.Gateway;
using DaprShop.Local.Hosting;
using DaprShop.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace DaprShop.EndToEnd.Tests;

/// <summary>
/// The whole shop of dapr.yaml on the local runtime: every service a process of its own, or all in this one with
/// <c>SHOP_HOSTING=in-process</c>; random ports, data in a temporary directory, the gateway named by <c>SHOP_GATEWAY</c> in front. With
/// <c>SHOP_REDIS=1</c> its events go through a real Redis; with <c>SHOP_DIRECT=1</c> services call each other without sidecars; with
/// <c>SHOP_SWAP=shipping=node</c> that service is the one of that name.
/// </summary>
public sealed class LocalShop : IAsyncDisposable
{
    private static readonly RunFile s_runFile = RunFile.Read(Repository.Root);

    private static readonly Dictionary<string, string> s_swap = (Environment.GetEnvironmentVariable("SHOP_SWAP") ?? "")
        .Split(',', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => pair[1]);

    /// <summary>What saves time: code is made fast as late as in this process (see Directory.Build.props), passwords are hashed quickly.</summary>
    private static readonly Dictionary<string, string> s_hasty = new()
    {
        ["DOTNET_TC_CallCountThreshold"] = "200", // in hexadecimal
        ["DOTNET_TieredPGO"] = "0",
        ["Passwords__Iterations"] = "1000",
    };

    private readonly string _data = Directory.CreateTempSubdirectory("daprshop-").FullName;
    private readonly Dictionary<string, string> _settings;
    private readonly LogFile _log = new();
    private RecentLog? _recent;
    private LocalRuntime _runtime = null!;
    private IGateway _gateway = null!;
    private DashboardServer? _dashboard;
    private IReadOnlyDictionary<string, string> _swap = s_swap;

    private readonly bool _isInProcess;

    private LocalShop(IEnumerable<(string Name, string Value)> settings, bool isInProcess = false)
    {
        _settings = settings.ToDictionary(setting => setting.Name, setting => setting.Value);
        _isInProcess = isInProcess || IsInProcess;
    }

    public static bool IsDirect { get; } = Environment.GetEnvironmentVariable("SHOP_DIRECT") == "1";

    public static bool IsInProcess { get; } = Environment.GetEnvironmentVariable("SHOP_HOSTING") == "in-process";

    /// <summary>Seen through the gateway.</summary>
    public Shop Shop { get; private set; } = null!;

    /// <summary>Where its events are; null when they are embedded.</summary>
    public RedisServer? Redis { get; private set; }

    /// <param name="settings">Environment variables for every service; of OpenTelemetry's, sidecars take notice as well.</param>
    public static async Task<LocalShop> StartAsync(params (string Name, string Value)[] settings)
    {
        var shop = new LocalShop(settings);
        if (Environment.GetEnvironmentVariable("SHOP_REDIS") == "1") shop.Redis = await RedisServer.StartAsync();
        await shop.OpenAsync();
        return shop;
    }

    /// <summary>All in this process in any case, where nine services cost what three processes do: for what is not about those.</summary>
    public static async Task<LocalShop> StartInProcessAsync(params (string Name, string Value)[] settings)
    {
        var shop = new LocalShop(settings, isInProcess: true);
        await shop.OpenAsync();
        return shop;
    }

    /// <summary>In this process as well, with its events in a real Redis.</summary>
    public static async Task<LocalShop> StartOnRedisAsync()
    {
        var shop = new LocalShop([], isInProcess: true) { Redis = await RedisServer.StartAsync() };
        await shop.OpenAsync();
        return shop;
    }

    /// <summary>A service goes away and is not started again.</summary>
    public Task StopAsync(string service) => _runtime.StopAppAsync(service);

    public Task StartAsync(string service) => _runtime.StartAppAsync(service);

    /// <summary>Puts an event where the broker puts those that a service could not take.</summary>
    /// <param name="service">The subscriber.</param>
    /// <param name="cloudEvent">The whole envelope: published raw, it is left as it is.</param>
    public async Task BuryAsync(string service, object cloudEvent)
    {
        using var sidecar = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_runtime.Apps.Of(service)[0].HttpPort}") };
        using var response = await sidecar.PostAsJsonAsync(
            $"/v1.0/publish/pubsub/{service}.dead-letters?metadata.rawPayload=true", cloudEvent, JsonSerializerOptions.Web);
        response.EnsureSuccessStatusCode();
    }

    /// <summary>The runtime's own page about what runs.</summary>
    public async Task<Uri> DashboardAsync()
    {
        _dashboard ??= await DashboardServer.StartAsync(
            0, new DashboardPages(new RuntimeView(s_runFile.Name, Shop.Url, _runtime), _recent!, TimeProvider.System));
        return new Uri($"http://localhost:{_dashboard.Port}");
    }

    /// <summary>Everything ends and starts again on the same data, at another address.</summary>
    /// <param name="swap">Other implementations from now on, by service.</param>
    public async Task RestartAsync(IReadOnlyDictionary<string, string>? swap = null)
    {
        await CloseAsync();
        _swap = swap ?? _swap;
        await OpenAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        if (Redis is not null) await Redis.DisposeAsync();
        _log.Dispose();
        Directory.Delete(_data, recursive: true);
    }

    private async Task OpenAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        _recent = new RecentLog(_log, new SecretMask([], []), TimeProvider.System);
        _runtime = await LocalRuntime.StartAsync(
            new LocalRuntimeOptions
            {
                Apps = [.. s_runFile.Apps.Select(Implementation).Select(app => app.In(configuration: null)).Select(Options)],
                DataDirectory = _data,
                Resources = ResourceFiles.Read(s_runFile.Apps[0].ResourcesPaths, s_runFile.Apps.Select(app => app.ConfigFile).OfType<string>()),
                AppApiToken = Guid.NewGuid().ToString("N"),
                Redis = Redis?.Address,
                Direct = IsDirect,
                Telemetry = _settings,
                Log = _recent,
            },
            limit.Token);
        var port = FreePorts.Take();
        var settings = new GatewaySettings(
            port,
            s_runFile.Apps.ToDictionary(app => app.AppId, app => (IReadOnlyList<Uri>)[_runtime.Apps.Of(app.AppId)[0].App.Address!]),
            Path.Combine(Repository.Root, "services", "gateway"),
            Path.Combine(_data, "gateway"),
            new GatewayLimits());
        _gateway = Gateways.Choose(Environment.GetEnvironmentVariable("SHOP_GATEWAY"), settings, NullLoggerFactory.Instance)!;
        await _gateway.StartAsync(limit.Token);
        await _runtime.ReadyAsync(limit.Token);
        Shop = new Shop(new Uri($"http://127.0.0.1:{port}"), "Staff-1234!");
        await OpenForBusiness.WaitAsync(Shop);
    }

    private AppOptions Options(RunFileApp app) => new(app.AppId)
    {
        Environment = app.Environment.Concat(s_hasty).Concat(_settings).ToDictionary(setting => setting.Key, setting => setting.Value),
        Directory = app.Directory,
        Command = app.Command,
        Create = _isInProcess && Builds.ProgramOf(app) is { } program
            ? InProcessService.Load(app.AppId, program, app.Directory, _recent!)
            : null,
    };

    private RunFileApp Implementation(RunFileApp app) =>
        _swap.TryGetValue(app.AppId, out var name) ? OtherImplementations.Find(app.AppId, name) : app;

    private async Task CloseAsync()
    {
        Shop?.Dispose();
        if (_dashboard is not null) await _dashboard.DisposeAsync();
        _dashboard = null;
        if (_gateway is not null) await _gateway.DisposeAsync();
        if (_runtime is not null) await _runtime.DisposeAsync();
    }
}

/// <summary>What the services had to say, in <c>artifacts/endtoend</c>: the place to look when a test fails.</summary>
internal sealed class LogFile : IAppLog, IDisposable
{
    private readonly StreamWriter _file = Create();

    public void Line(string appId, string line) => Write(appId, line);

    public void Event(string appId, string message) => Write(appId, $"*** {message}");

    public void Dispose()
    {
        lock (_file) _file.Dispose();
    }

    private static StreamWriter Create()
    {
        var folder = Directory.CreateDirectory(Path.Combine(Repository.Root, "artifacts", "endtoend"));
        return new StreamWriter(Path.Combine(folder.FullName, $"{DateTime.UtcNow:yyyyMMdd-HHmmss-fff}.log")) { AutoFlush = true };
    }

    private void Write(string appId, string line)
    {
        lock (_file) _file.WriteLine($"{appId,-12} | {line}");
    }
}

internal static class OpenForBusiness
{
    /// <summary>Ends when every service is up, members may sign in and the catalogue is there.</summary>
    public static async Task WaitAsync(Shop shop)
    {
        foreach (var path in new[] { "/health", "/.well-known/jwks.json" })
            await Eventually.Async(() => shop.Anonymous.GetAsync(path).ReadAsync<System.Text.Json.JsonElement>(), _ => true, path, 180);
        await Eventually.Async(
            () => shop.Anonymous.GetAsync("/api/catalog/products").ReadAsync<Contracts.Page<ProductDoc>>(),
            page => page.Total > 0, "the catalogue", 180);
    }
}
