using System.Text.Json;
using DaprShop.Local.Configuration;
using DaprShop.Local.Hosting;

namespace DaprShop.Conformance.Tests.Sidecars;

/// <summary>The local runtime, in this process.</summary>
internal sealed class LocalSidecars : ISidecars
{
    private LocalRuntime? _runtime;
    private string _data = "";

    public bool AreReal => false;

    /// <summary>By the ports they call from.</summary>
    public bool CanCertify => true;

    /// <summary>Nobody is asked: the runtime has stores of its own for these components.</summary>
    public string RedisHost => "localhost:6379";

    public async Task StartAsync(IReadOnlyList<TestApp> apps, SidecarFiles files)
    {
        _data = Path.Combine(files.Folder, "data");
        var resources = ResourceFiles.Read([files.Resources], apps.Select(app => files.ConfigurationOf(app.Id)).OfType<string>());
        _runtime = await LocalRuntime.StartAsync(new LocalRuntimeOptions
        {
            Apps = [.. apps.Select(app => new AppOptions(app.Id)
            {
                AppPort = app.Port,
                DaprHttpPort = app.HttpPort,
                DaprGrpcPort = app.GrpcPort,
                MetricsPort = app.MetricsPort,
                SpeaksGrpc = app.IsGrpc,
                HealthCheck = Check(app.HealthCheck),
                ConfigurationFile = files.ConfigurationOf(app.Id),
            })],
            DataDirectory = _data,
            Resources = resources,
            DaprApiToken = files.DaprApiToken,
            AppApiToken = TestWorld.AppToken,
        });
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        // One whose app is asked how it is may be waiting for that.
        while (_runtime.Apps.Sidecars.Any(sidecar => sidecar is { IsReady: false, HealthCheck: null })) await Task.Delay(20, limit.Token);
    }

    private static Local.AppHealth.HealthCheck? Check(HealthCheck? check) => check is null ? null : new()
    {
        Path = check.Path ?? "/healthz",
        Interval = TimeSpan.FromSeconds(HealthCheck.IntervalSeconds),
        Timeout = check.IsPatient ? TimeSpan.FromMinutes(1) : TimeSpan.FromMilliseconds(HealthCheck.TimeoutMilliseconds),
        Threshold = check.Threshold,
    };

    public async Task ConfigureAsync(string key, string value)
    {
        var file = Path.Combine(_data, "configuration", "config.json");
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        var items = File.Exists(file) ? JsonSerializer.Deserialize<Dictionary<string, string>>(await File.ReadAllTextAsync(file))! : [];
        items[key] = value;
        await File.WriteAllTextAsync(file + ".new", JsonSerializer.Serialize(items));
        File.Move(file + ".new", file, overwrite: true);
    }

    public async ValueTask DisposeAsync()
    {
        if (_runtime is not null) await _runtime.DisposeAsync();
    }
}
