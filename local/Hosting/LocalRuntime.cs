using System.Text;
using DaprShop.Common;
using DaprShop.Local.Configuration;
using DaprShop.Local.Grpc;
using DaprShop.Local.Health;
using DaprShop.Local.Metrics;
using DaprShop.Local.Redis;
using DaprShop.Local.Tracing;
using Grpc.AspNetCore.Server.Model;
using Microsoft.AspNetCore.Connections;

namespace DaprShop.Local.Hosting;

/// <summary>
/// All sidecars of a set of apps in one ASP.NET Core application, and the apps themselves. A sidecar is a pair of ports; which one a
/// request is for is a feature of its connection (<see cref="SidecarFeature.GetSidecar"/>).
/// </summary>
public sealed class LocalRuntime : IAsyncDisposable
{
    /// <summary>daprd's default.</summary>
    private const long MaxBodyBytes = 4 << 20;

    /// <summary>For answers that are still being written when the sidecars end; streams never end by themselves.</summary>
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(2);

    private readonly WebApplication _host;
    private readonly Fleet _fleet;

    private LocalRuntime(WebApplication host, AppRegistry apps, Fleet fleet) => (_host, Apps, _fleet) = (host, apps, fleet);

    public AppRegistry Apps { get; }

    /// <summary>The runtime's own services, the building blocks among them.</summary>
    public IServiceProvider Services => _host.Services;

    /// <summary>Listens for all sidecars, then starts all apps at once. Does not wait for them: see <see cref="ReadyAsync"/>.</summary>
    /// <exception cref="ConfigurationError">A port is taken, a component cannot be opened, …</exception>
    public static async Task<LocalRuntime> StartAsync(LocalRuntimeOptions options, CancellationToken cancellation = default)
    {
        Directory.CreateDirectory(options.DataDirectory);
        var processes = new ProcessRecord(new DataDirectory(options.DataDirectory));
        processes.EndLeftovers();
        var registry = new AppRegistry(Fleet.First(options));
        var metrics = new AppMetrics(options.Apps, options.Telemetry);
        var ports = new SidecarPorts(registry.Sidecars, metrics);
        var host = BuildHost(registry, ports, metrics, options);
        IAppObserver[] observers;
        try
        {
            // Made now, so that a broken component is told before anything runs.
            observers = [.. host.Services.GetServices<IAppObserver>()];
            await host.StartAsync(cancellation);
        }
        catch (Exception error)
        {
            await host.DisposeAsync();
            if (error is IOException { InnerException: AddressInUseException }) throw PortTaken(registry.Sidecars, metrics, error);
            throw;
        }
        var logger = host.Services.GetRequiredService<ILogger<LocalRuntime>>();
        var runtime = new LocalRuntime(host, registry, new Fleet(options, registry, ports, processes, observers, logger));
        host.Services.GetRequiredService<SidecarShutdown>().Requested += sidecar => _ = runtime._fleet.Of(sidecar).StopAsync();
        if (options.Faults is { } faults) faults.KillWanted += runtime.Kill;
        runtime._fleet.Start();
        return runtime;
    }

    /// <summary>Ends when every app answers and the building blocks know what it wants; fails with what kept an app from it.</summary>
    public Task ReadyAsync(CancellationToken cancellation = default) =>
        Task.WhenAll(_fleet.All.Select(supervisor => supervisor.ReadyAsync(cancellation)));

    /// <summary>Stops every replica of the app and starts it anew; its sidecar and data stay.</summary>
    public async Task RestartAsync(string appId, CancellationToken cancellation = default)
    {
        await StopAppAsync(appId);
        await StartAppAsync(appId, cancellation);
    }

    public Task StopAppAsync(string appId) => Task.WhenAll(_fleet.Of(appId).Select(supervisor => supervisor.StopAsync()));

    public Task StartAppAsync(string appId, CancellationToken cancellation = default) =>
        Task.WhenAll(_fleet.Of(appId).Select(supervisor =>
        {
            supervisor.Start();
            return supervisor.ReadyAsync(cancellation);
        }));

    /// <inheritdoc cref="Fleet.ScaleAsync"/>
    public Task ScaleAsync(string appId, int count, CancellationToken cancellation = default) =>
        _fleet.ScaleAsync(appId, count, cancellation);

    /// <inheritdoc cref="Fleet.ReplaceAsync"/>
    public Task ReplaceAsync(string appId, CancellationToken cancellation = default) => _fleet.ReplaceAsync(appId, cancellation);

    /// <inheritdoc cref="Fleet.Changed"/>
    public void OnChanged(Func<Task> follow) => _fleet.Changed = follow;

    /// <summary>Ends the processes of the app's replicas as kill -9 does; they are started again as after any other death.</summary>
    public void Kill(string appId)
    {
        foreach (var supervisor in _fleet.Of(appId)) supervisor.Kill();
    }

    /// <summary>Stops the apps, while their sidecars still serve them, then the sidecars.</summary>
    public async ValueTask DisposeAsync()
    {
        await _fleet.DisposeAsync();
        using (var limit = new CancellationTokenSource(s_grace)) await _host.StopAsync(limit.Token);
        await _host.DisposeAsync();
        foreach (var sidecar in Apps.Sidecars) sidecar.App.Dispose();
    }

    private static WebApplication BuildHost(
        AppRegistry registry, SidecarPorts ports, AppMetrics metrics, LocalRuntimeOptions options)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "DaprShop.Local" });
        // Nothing here blocks, so what a socket brings is handled where it arrives: a sixth less CPU for a hop.
        builder.WebHost.UseKestrelCore().UseSockets(sockets => sockets.UnsafePreferInlineScheduling = true).ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // As requests are read.
            kestrel.ResponseHeaderEncodingSelector = static _ => Encoding.UTF8;
            kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
            ports.Configure(kestrel);
        });
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true).SetMinimumLevel(LogLevel.Warning)
            // An activity and a log scope for each request is a price that nobody asked for; failed calls are answered, not logged.
            .AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None)
            .AddFilter("Yarp", LogLevel.None);
        builder.Services.AddRoutingCore();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton<IServiceMethodProvider<DaprGrpc>, DaprGrpcMethods>();
        builder.Services.AddSingleton<IHostLifetime, NoSignals>();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddHostedService<IdleMemory>();
        builder.Services.AddSingleton(options.Resources);
        builder.Services.AddSingleton(options.Log);
        builder.Services.AddSingleton(registry);
        builder.Services.AddSingleton(_ => metrics);
        builder.Services.AddSingleton(_ => new Tracers(options.Apps, options.Telemetry));
        builder.Services.AddSingleton(new DataDirectory(options.DataDirectory));
        builder.Services.AddSingleton(_ => new RedisServers(options.Redis));
        builder.Services.AddBuildingBlocks();
        options.ConfigureServices?.Invoke(builder.Services);
        var host = builder.Build();
        host.UseSidecarApi(options.DaprApiToken, options.Faults);
        host.MapGrpcService<DaprGrpc>();
        return host;
    }

    private static ConfigurationError PortTaken(IEnumerable<Sidecar> sidecars, AppMetrics metrics, Exception error)
    {
        var (port, appId) = sidecars.SelectMany(sidecar => new[] { (sidecar.HttpPort, sidecar.AppId), (sidecar.GrpcPort, sidecar.AppId) })
            .Concat(metrics.Ports.Select(app => (app.Port, app.AppId)))
            .FirstOrDefault(taken => error.Message.Contains($":{taken.Item1}", StringComparison.Ordinal));
        return new($"port {port} of the sidecar of '{appId}' is in use; end what listens there, or change it in dapr.yaml");
    }
}
