using System.Net;
using DaprShop.Local.Configuration;
using DaprShop.Local.Faults;
using DaprShop.Local.Grpc;
using DaprShop.Local.Health;
using Grpc.AspNetCore.Server.Model;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

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
    private readonly Dictionary<Sidecar, AppSupervisor> _supervisors;

    private LocalRuntime(WebApplication host, Dictionary<Sidecar, AppSupervisor> supervisors)
    {
        _host = host;
        _supervisors = supervisors;
    }

    public AppRegistry Apps => Services.GetRequiredService<AppRegistry>();

    /// <summary>The runtime's own services, the building blocks among them.</summary>
    public IServiceProvider Services => _host.Services;

    /// <summary>Listens for all sidecars, then starts all apps at once. Does not wait for them: see <see cref="ReadyAsync"/>.</summary>
    /// <exception cref="ConfigurationError">A port is taken, a component cannot be opened, …</exception>
    public static async Task<LocalRuntime> StartAsync(LocalRuntimeOptions options, CancellationToken cancellation = default)
    {
        Directory.CreateDirectory(options.DataDirectory);
        var sidecars = options.Apps.ToDictionary(app => NewSidecar(app, options));
        var processes = new ProcessRecord(new DataDirectory(options.DataDirectory));
        processes.EndLeftovers();
        foreach (var (sidecar, app) in sidecars) RefuseTakenPort(sidecar, app);
        var host = BuildHost([.. sidecars.Keys], options);
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
            if (error is IOException { InnerException: AddressInUseException }) throw PortTaken(sidecars.Keys, error);
            throw;
        }
        var logger = host.Services.GetRequiredService<ILogger<LocalRuntime>>();
        var runtime = new LocalRuntime(host, sidecars.ToDictionary(
            pair => pair.Key,
            pair => new AppSupervisor(pair.Key, AppStart.Of(pair.Key, pair.Value, options, processes), observers, options.Log, logger)));
        host.Services.GetRequiredService<SidecarShutdown>().Requested += sidecar => _ = runtime._supervisors[sidecar].StopAsync();
        if (options.Faults is { } faults) faults.KillWanted += runtime.Kill;
        foreach (var supervisor in runtime._supervisors.Values) supervisor.Start();
        return runtime;
    }

    /// <summary>Ends when every app answers and the building blocks know what it wants; fails with what kept an app from it.</summary>
    public Task ReadyAsync(CancellationToken cancellation = default) =>
        Task.WhenAll(_supervisors.Values.Select(supervisor => supervisor.ReadyAsync(cancellation)));

    /// <summary>Stops every replica of the app and starts it anew; its sidecar and data stay.</summary>
    public async Task RestartAsync(string appId, CancellationToken cancellation = default)
    {
        await StopAppAsync(appId);
        await StartAppAsync(appId, cancellation);
    }

    public Task StopAppAsync(string appId) => Task.WhenAll(SupervisorsOf(appId).Select(supervisor => supervisor.StopAsync()));

    public Task StartAppAsync(string appId, CancellationToken cancellation = default) =>
        Task.WhenAll(SupervisorsOf(appId).Select(supervisor =>
        {
            supervisor.Start();
            return supervisor.ReadyAsync(cancellation);
        }));

    /// <summary>Ends the processes of the app's replicas as kill -9 does; they are started again as after any other death.</summary>
    public void Kill(string appId)
    {
        foreach (var supervisor in SupervisorsOf(appId)) supervisor.Kill();
    }

    /// <summary>Stops the apps, while their sidecars still serve them, then the sidecars.</summary>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_supervisors.Values.Select(supervisor => supervisor.DisposeAsync().AsTask()));
        using (var limit = new CancellationTokenSource(s_grace)) await _host.StopAsync(limit.Token);
        await _host.DisposeAsync();
        foreach (var sidecar in _supervisors.Keys) sidecar.App.Dispose();
    }

    private IEnumerable<AppSupervisor> SupervisorsOf(string appId) => Apps.Of(appId) is { Count: > 0 } replicas
        ? replicas.Select(replica => _supervisors[replica])
        : throw new ArgumentException($"There is no app '{appId}'.", nameof(appId));

    private static Sidecar NewSidecar(AppOptions app, LocalRuntimeOptions options) => new(
        app.AppId, replica: 0, PortOr(app.DaprHttpPort), PortOr(app.DaprGrpcPort),
        new AppChannel(app.AppId, new Uri($"http://127.0.0.1:{PortOr(app.AppPort)}/"), options.AppApiToken, FaultsOf(app, options)),
        [.. options.Resources.Components.Where(component => component.IsFor(app.AppId))]);

    private static FaultyChannel? FaultsOf(AppOptions app, LocalRuntimeOptions options) =>
        options.Faults is { } plan ? new FaultyChannel(app.AppId, plan, TimeProvider.System) : null;

    private static int PortOr(int port) => port > 0 ? port : FreePorts.Take();

    private static WebApplication BuildHost(IReadOnlyList<Sidecar> sidecars, LocalRuntimeOptions options)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "DaprShop.Local" });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Listen(kestrel, sidecars));
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true).SetMinimumLevel(LogLevel.Warning)
            // An activity and a log scope for each request is a price that nobody asked for; failed calls are answered, not logged.
            .AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None)
            .AddFilter("Yarp", LogLevel.None);
        builder.Services.AddRoutingCore();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton<IServiceMethodProvider<DaprGrpc>, DaprGrpcMethods>();
        builder.Services.AddSingleton<IHostLifetime, NoSignals>();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(options.Resources);
        builder.Services.AddSingleton(options.Log);
        builder.Services.AddSingleton(new AppRegistry(sidecars));
        builder.Services.AddSingleton(new DataDirectory(options.DataDirectory));
        builder.Services.AddBuildingBlocks();
        options.ConfigureServices?.Invoke(builder.Services);
        var host = builder.Build();
        host.UseSidecarApi(options.DaprApiToken, options.Faults);
        host.MapGrpcService<DaprGrpc>();
        return host;
    }

    private static void Listen(KestrelServerOptions kestrel, IReadOnlyList<Sidecar> sidecars)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
        foreach (var sidecar in sidecars)
        {
            Listen(sidecar.HttpPort, HttpProtocols.Http1, sidecar);
            Listen(sidecar.GrpcPort, HttpProtocols.Http2, sidecar);
        }

        void Listen(int port, HttpProtocols protocols, Sidecar sidecar) => kestrel.Listen(IPAddress.Loopback, port, endpoint =>
        {
            endpoint.Protocols = protocols;
            endpoint.Use(next => connection =>
            {
                connection.Features.Set(sidecar);
                return next(connection);
            });
        });
    }

    /// <summary>Signals are for whoever runs this; the sidecars are to outlive the apps.</summary>
    private sealed class NoSignals : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    /// <summary>Whoever listens there would be taken for the app.</summary>
    private static void RefuseTakenPort(Sidecar sidecar, AppOptions app)
    {
        var startedHere = app.Create is not null || app.Command.Count > 0;
        if (startedHere && !FreePorts.IsFree(sidecar.App.Address!.Port))
            throw InUse(sidecar.App.Address.Port, $"'{sidecar.AppId}'");
    }

    private static ConfigurationError PortTaken(IEnumerable<Sidecar> sidecars, Exception error)
    {
        var (port, appId) = sidecars.SelectMany(sidecar => new[] { (sidecar.HttpPort, sidecar.AppId), (sidecar.GrpcPort, sidecar.AppId) })
            .FirstOrDefault(taken => error.Message.Contains($":{taken.Item1}", StringComparison.Ordinal));
        return InUse(port, $"the sidecar of '{appId}'");
    }

    private static ConfigurationError InUse(int port, string owner) =>
        new($"port {port} of {owner} is in use; end what listens there, or change it in dapr.yaml");
}
