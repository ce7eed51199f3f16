namespace DaprShop.Bench.Sidecars;

/// <summary>Two daprd processes, with placement and scheduler from the same folder.</summary>
internal sealed class DaprdSide : ISidecarSide
{
    private readonly string _folder = Directory.CreateTempSubdirectory("bench-daprd-").FullName;
    private readonly int[] _appPorts = [BenchProcesses.FreePort(), BenchProcesses.FreePort()];
    private readonly int[] _httpPorts = [BenchProcesses.FreePort(), BenchProcesses.FreePort()];
    private readonly BenchProcesses _processes;
    private readonly string _daprd;
    private readonly bool _withRedis;

    public DaprdSide(string daprd, bool withRedis)
    {
        _processes = new BenchProcesses(_folder);
        _daprd = Path.GetFullPath(daprd);
        _withRedis = withRedis;
        App = new SidecarApp(_appPorts);
    }

    public string Name => "daprd";

    public Uri Caller => new($"http://127.0.0.1:{_httpPorts[0]}");

    public Uri CalleeApp => new($"http://127.0.0.1:{_appPorts[1]}");

    public SidecarApp App { get; }

    public int Sidecars => _httpPorts.Length;

    public async Task StartAsync(CancellationToken cancellation)
    {
        if (!File.Exists(_daprd)) throw new BenchError($"there is no {_daprd}");
        var redis = _withRedis ? $"127.0.0.1:{_processes.StartRedis()}" : null;
        Sides.WriteComponents(Path.Combine(_folder, "components"), redis);
        var configuration = Path.Combine(_folder, "config.yaml");
        await File.WriteAllTextAsync(configuration, $$"""
            apiVersion: dapr.io/v1alpha1
            kind: Configuration
            metadata: { name: bench }
            spec:
              nameResolution:
                component: sqlite
                version: v1
                configuration: { connectionString: "{{Path.Combine(_folder, "names.db")}}" }
            """, cancellation);
        await App.StartAsync(cancellation);
        var (placement, scheduler) = StartPlaces();
        for (var i = 0; i < _httpPorts.Length; i++)
        {
            _processes.Start(_daprd,
                "--app-id", i == 0 ? Sides.Caller : Sides.Callee, "--app-port", $"{_appPorts[i]}",
                "--dapr-http-port", $"{_httpPorts[i]}", "--dapr-grpc-port", $"{BenchProcesses.FreePort()}",
                "--dapr-internal-grpc-port", $"{BenchProcesses.FreePort()}", "--metrics-port", $"{BenchProcesses.FreePort()}",
                "--dapr-listen-addresses", "127.0.0.1", "--dapr-internal-grpc-listen-address", "127.0.0.1",
                "--placement-host-address", $"127.0.0.1:{placement}", "--scheduler-host-address", $"127.0.0.1:{scheduler}",
                "--resources-path", Path.Combine(_folder, "components"), "--config", configuration, "--log-level", "warn");
        }
        await _processes.HealthyAsync(_httpPorts, cancellation);
    }

    public IReadOnlyList<ProcessUse> Processes() => _processes.Uses();

    public async ValueTask DisposeAsync()
    {
        await _processes.DisposeAsync();
        await App.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private (int Placement, int Scheduler) StartPlaces()
    {
        var folder = Path.GetDirectoryName(_daprd)!;
        var (placement, scheduler) = (BenchProcesses.FreePort(), BenchProcesses.FreePort());
        _processes.Start(Path.Combine(folder, "placement"),
            "--port", $"{placement}", "--healthz-port", $"{BenchProcesses.FreePort()}", "--metrics-port", $"{BenchProcesses.FreePort()}",
            "--listen-address", "127.0.0.1", "--healthz-listen-address", "127.0.0.1", "--metrics-listen-address", "127.0.0.1",
            "--initial-cluster", $"dapr-placement-0=127.0.0.1:{BenchProcesses.FreePort()}");
        _processes.Start(Path.Combine(folder, "scheduler"),
            "--port", $"{scheduler}", "--healthz-port", $"{BenchProcesses.FreePort()}", "--metrics-port", $"{BenchProcesses.FreePort()}",
            "--listen-address", "127.0.0.1", "--healthz-listen-address", "127.0.0.1", "--metrics-listen-address", "127.0.0.1",
            "--override-broadcast-host-port", $"127.0.0.1:{scheduler}",
            "--etcd-data-dir", Path.Combine(_folder, "scheduler"), "--etcd-client-port", $"{BenchProcesses.FreePort()}",
            "--etcd-initial-cluster", $"dapr-scheduler-server-0=http://localhost:{BenchProcesses.FreePort()}");
        return (placement, scheduler);
    }
}
