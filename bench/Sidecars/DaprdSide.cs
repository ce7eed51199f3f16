namespace DaprShop.Bench.Sidecars;

/// <summary>Two daprd processes, with placement and scheduler from the same folder.</summary>
internal sealed class DaprdSide(string daprd, bool withRedis) : SidecarSide("daprd", 2, withRedis)
{
    private readonly string _daprd = Path.GetFullPath(daprd);

    protected override async Task LaunchAsync(string? redis, CancellationToken cancellation)
    {
        if (!File.Exists(_daprd)) throw new BenchError($"there is no {_daprd}");
        var configuration = Path.Combine(Folder, "config.yaml");
        await File.WriteAllTextAsync(configuration, $$"""
            apiVersion: dapr.io/v1alpha1
            kind: Configuration
            metadata: { name: bench }
            spec:
              nameResolution:
                component: sqlite
                version: v1
                configuration: { connectionString: "{{Path.Combine(Folder, "names.db")}}" }
            """, cancellation);
        var (placement, scheduler) = StartPlaces();
        for (var i = 0; i < Sidecars; i++)
        {
            Processes.Start(_daprd,
                "--app-id", i == 0 ? Sides.Caller : Sides.Callee, "--app-port", $"{AppPorts[i]}",
                "--dapr-http-port", $"{HttpPorts[i]}", "--dapr-grpc-port", $"{BenchProcesses.FreePort()}",
                "--dapr-internal-grpc-port", $"{BenchProcesses.FreePort()}", "--metrics-port", $"{BenchProcesses.FreePort()}",
                "--dapr-listen-addresses", "127.0.0.1", "--dapr-internal-grpc-listen-address", "127.0.0.1",
                "--placement-host-address", $"127.0.0.1:{placement}", "--scheduler-host-address", $"127.0.0.1:{scheduler}",
                "--resources-path", Components, "--config", configuration, "--log-level", "warn");
        }
    }

    private (int Placement, int Scheduler) StartPlaces()
    {
        var folder = Path.GetDirectoryName(_daprd)!;
        var (placement, scheduler) = (BenchProcesses.FreePort(), BenchProcesses.FreePort());
        Processes.Start(Path.Combine(folder, "placement"),
            "--port", $"{placement}", "--healthz-port", $"{BenchProcesses.FreePort()}", "--metrics-port", $"{BenchProcesses.FreePort()}",
            "--listen-address", "127.0.0.1", "--healthz-listen-address", "127.0.0.1", "--metrics-listen-address", "127.0.0.1",
            "--initial-cluster", $"dapr-placement-0=127.0.0.1:{BenchProcesses.FreePort()}");
        Processes.Start(Path.Combine(folder, "scheduler"),
            "--port", $"{scheduler}", "--healthz-port", $"{BenchProcesses.FreePort()}", "--metrics-port", $"{BenchProcesses.FreePort()}",
            "--listen-address", "127.0.0.1", "--healthz-listen-address", "127.0.0.1", "--metrics-listen-address", "127.0.0.1",
            "--override-broadcast-host-port", $"127.0.0.1:{scheduler}",
            "--etcd-data-dir", Path.Combine(Folder, "scheduler"), "--etcd-client-port", $"{BenchProcesses.FreePort()}",
            "--etcd-initial-cluster", $"dapr-scheduler-server-0=http://localhost:{BenchProcesses.FreePort()}");
        return (placement, scheduler);
    }
}
