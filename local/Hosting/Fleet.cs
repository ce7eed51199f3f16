using System.Net;
using DaprShop.Local.Configuration;
using DaprShop.Local.Faults;
using DaprShop.Local.Invocation;
using DaprShop.Local.Secrets;

namespace DaprShop.Local.Hosting;

/// <summary>
/// The replicas of every app, each an app beside a sidecar of its own, and how they come and go while calls are made: a new one takes
/// part when it is ready; an old one gets no new calls, messages or actors, ends what it is at, and only then is asked to end.
/// </summary>
internal sealed class Fleet(
    LocalRuntimeOptions options, AppRegistry registry, SidecarPorts ports, ProcessRecord processes, IReadOnlyList<IAppObserver> observers,
    ILogger logger) : IAsyncDisposable
{
    public const int MaxReplicas = 16;

    private static readonly TimeSpan s_startPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_healthInterval = TimeSpan.FromMilliseconds(50);

    private readonly Dictionary<string, AppOptions> _apps = options.Apps.ToDictionary(app => app.AppId, StringComparer.Ordinal);
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly Dictionary<Sidecar, AppSupervisor> _supervisors = [];
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _change = new(1, 1);

    /// <summary>Told, and waited for, after the addresses of an app have changed: whoever else calls apps now calls those.</summary>
    public Func<Task>? Changed { get; set; }

    public IReadOnlyList<AppSupervisor> All
    {
        get
        {
            lock (_lock) return [.. _supervisors.Values];
        }
    }

    /// <summary>The sidecars that the options ask for, before anything runs.</summary>
    /// <exception cref="ConfigurationError">A port is taken.</exception>
    public static IReadOnlyList<Sidecar> First(LocalRuntimeOptions options)
    {
        var sidecars = new List<Sidecar>();
        foreach (var app in options.Apps)
            for (var replica = 0; replica < app.Replicas; replica++)
                sidecars.Add(New(app, replica, ownPorts: replica == 0, options));
        foreach (var sidecar in sidecars) RefuseTakenPort(sidecar, options.Apps.First(app => app.AppId == sidecar.AppId));
        return sidecars;
    }

    /// <summary>Starts the first replicas of every app. Does not wait for them.</summary>
    public void Start()
    {
        foreach (var sidecar in registry.Sidecars)
        {
            _numbers[sidecar.AppId] = sidecar.Replica;
            Supervised(sidecar).Start();
        }
    }

    /// <exception cref="ArgumentException">There is no such app.</exception>
    public IReadOnlyList<AppSupervisor> Of(string appId)
    {
        var replicas = registry.Of(appId);
        if (replicas.Count == 0) throw new ArgumentException($"There is no app '{appId}'.", nameof(appId));
        lock (_lock) return [.. replicas.Select(replica => _supervisors[replica])];
    }

    public AppSupervisor Of(Sidecar sidecar)
    {
        lock (_lock) return _supervisors[sidecar];
    }

    /// <summary>Adds replicas or drains the newest, until there are so many.</summary>
    /// <exception cref="ConfigurationError">A new one does not become ready; it is gone again.</exception>
    /// <exception cref="ArgumentException">There is no such app, or there cannot be so many.</exception>
    public Task ScaleAsync(string appId, int count, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, MaxReplicas);
        return ChangeAsync(appId, async app =>
        {
            var replicas = registry.Of(appId);
            if (count > replicas.Count) await AddAsync(app, count - replicas.Count, cancellation);
            await RemoveAsync([.. replicas.Skip(count)]);
        });
    }

    /// <summary>A new replica for each, one after the other: up and ready before the old one is drained.</summary>
    /// <exception cref="ConfigurationError">A new one does not become ready; it is gone again and the old one serves.</exception>
    public Task ReplaceAsync(string appId, CancellationToken cancellation) => ChangeAsync(appId, async app =>
    {
        foreach (var old in registry.Of(appId))
        {
            await AddAsync(app, 1, cancellation);
            await RemoveAsync([old]);
        }
    });

    public async ValueTask DisposeAsync()
    {
        await _change.WaitAsync();
        await Task.WhenAll(All.Select(supervisor => supervisor.DisposeAsync().AsTask()));
        _change.Dispose();
    }

    private async Task ChangeAsync(string appId, Func<AppOptions, Task> change)
    {
        if (!_apps.TryGetValue(appId, out var app)) throw new ArgumentException($"There is no app '{appId}'.", nameof(appId));
        if (app is { Create: null, Command.Count: 0 })
            throw new ConfigurationError($"'{appId}' has no command, so it is not the runtime's to start or to stop");
        await _change.WaitAsync();
        try
        {
            await change(app);
        }
        finally
        {
            _change.Release();
        }
    }

    private async Task AddAsync(AppOptions app, int count, CancellationToken cancellation)
    {
        try
        {
            await Task.WhenAll(Enumerable.Range(0, count).Select(_ => AddAsync(app, cancellation)));
        }
        finally
        {
            // Of several, some may have come.
            if (Changed is { } changed) await changed();
        }
    }

    private async Task AddAsync(AppOptions app, CancellationToken cancellation)
    {
        AppSupervisor supervisor;
        lock (_lock)
        {
            var ownPorts = !_supervisors.Keys.Any(other => IsOn(other, app));
            supervisor = Supervised(New(app, ++_numbers[app.AppId], ownPorts, options));
        }
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(s_startPatience);
        try
        {
            await ports.OpenAsync(supervisor.Sidecar, limit.Token);
            supervisor.Start();
            await supervisor.ReadyAsync(limit.Token);
            await CanServeAsync(supervisor.Sidecar, limit.Token);
        }
        catch (Exception error)
        {
            await EndAsync(supervisor);
            if (error is OperationCanceledException && !cancellation.IsCancellationRequested)
                throw new ConfigurationError($"a new process of '{app.AppId}' did not become ready within {s_startPatience.TotalSeconds} s");
            throw;
        }
        registry.Add(supervisor.Sidecar);
    }

    private async Task RemoveAsync(IReadOnlyList<Sidecar> leaving)
    {
        if (leaving.Count == 0) return;
        foreach (var sidecar in leaving) registry.Remove(sidecar);
        if (Changed is { } changed) await changed();
        await Task.WhenAll(leaving.Select(sidecar => EndAsync(Of(sidecar))));
    }

    private async Task EndAsync(AppSupervisor supervisor)
    {
        await supervisor.DrainAsync();
        ports.Close(supervisor.Sidecar);
        lock (_lock) _supervisors.Remove(supervisor.Sidecar);
        await supervisor.DisposeAsync();
        supervisor.Sidecar.App.Dispose();
    }

    /// <summary>An app that has <c>/healthz</c> says itself when it can take requests; another can when it listens.</summary>
    private static async Task CanServeAsync(Sidecar sidecar, CancellationToken cancellation)
    {
        while (!sidecar.SpeaksGrpc)
        {
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(sidecar.App.Address!, "healthz"));
                using var response = await sidecar.App.Http.SendAsync(request, cancellation);
                if (response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.NotFound) return;
            }
            catch (HttpRequestException)
            {
                // It died; the supervisor starts it again.
            }
            await Task.Delay(s_healthInterval, cancellation);
        }
    }

    private AppSupervisor Supervised(Sidecar sidecar)
    {
        var start = AppStart.Of(sidecar, _apps[sidecar.AppId], options, registry, processes);
        var supervisor = new AppSupervisor(sidecar, start, observers, options.Log, logger);
        lock (_lock) _supervisors.Add(sidecar, supervisor);
        return supervisor;
    }

    private static Sidecar New(AppOptions app, int replica, bool ownPorts, LocalRuntimeOptions options) => new(
        app.AppId, replica, ownPorts ? PortOr(app.DaprHttpPort) : FreePorts.Take(), ownPorts ? PortOr(app.DaprGrpcPort) : FreePorts.Take(),
        new AppChannel(
            app.AppId, new Uri($"http://127.0.0.1:{(ownPorts ? PortOr(app.AppPort) : FreePorts.Take())}/"), options.AppApiToken,
            options.Faults is { } plan ? new FaultyChannel(app.AppId, plan, TimeProvider.System) : null),
        [
            .. options.Resources.Components.Where(component => component.IsFor(app.AppId)).Select(component => component.Of(app.AppId)),
        ])
    {
        Access = AccessControl.Read(app.ConfigurationFile, app.SpeaksGrpc),
        Secrets = SecretScopes.Read(app.ConfigurationFile),
        SpeaksGrpc = app.SpeaksGrpc,
        HealthCheck = app.HealthCheck,
    };

    private static bool IsOn(Sidecar sidecar, AppOptions app) =>
        sidecar.HttpPort == app.DaprHttpPort || sidecar.GrpcPort == app.DaprGrpcPort || sidecar.App.Address!.Port == app.AppPort;

    private static int PortOr(int port) => port > 0 ? port : FreePorts.Take();

    /// <summary>Whoever listens there would be taken for the app.</summary>
    private static void RefuseTakenPort(Sidecar sidecar, AppOptions app)
    {
        var port = sidecar.App.Address!.Port;
        var startedHere = app.Create is not null || app.Command.Count > 0;
        if (startedHere && !FreePorts.IsFree(port))
            throw new ConfigurationError($"port {port} of '{sidecar.AppId}' is in use; end what listens there, or change it in dapr.yaml");
    }
}
