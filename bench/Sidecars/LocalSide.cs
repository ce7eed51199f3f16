using System.Text;

namespace DaprShop.Bench.Sidecars;

/// <summary>The local runtime with nine sidecars, as many as the shop has, in its one process.</summary>
internal sealed class LocalSide : ISidecarSide
{
    private readonly string _folder = Directory.CreateTempSubdirectory("bench-local-").FullName;
    private readonly int[] _appPorts = [.. Enumerable.Range(0, 9).Select(_ => BenchProcesses.FreePort())];
    private readonly int[] _httpPorts = [.. Enumerable.Range(0, 9).Select(_ => BenchProcesses.FreePort())];
    private readonly BenchProcesses _processes;
    private readonly bool _withRedis;

    public LocalSide(bool withRedis)
    {
        _processes = new BenchProcesses(_folder);
        _withRedis = withRedis;
        App = new SidecarApp(_appPorts);
    }

    public string Name => "local";

    public Uri Caller => new($"http://127.0.0.1:{_httpPorts[0]}");

    public Uri CalleeApp => new($"http://127.0.0.1:{_appPorts[1]}");

    public SidecarApp App { get; }

    public int Sidecars => _httpPorts.Length;

    public async Task StartAsync(CancellationToken cancellation)
    {
        var redis = _withRedis ? $"127.0.0.1:{_processes.StartRedis()}" : null;
        Sides.WriteComponents(Path.Combine(_folder, "components"), redis);
        await File.WriteAllTextAsync(Path.Combine(_folder, "dapr.yaml"), RunFile(), cancellation);
        await App.StartAsync(cancellation);
        List<string> arguments =
            [Program(), "--run-file", Path.Combine(_folder, "dapr.yaml"), "--data", Path.Combine(_folder, "data"), "--gateway", "none", "--dashboard", "none"];
        if (redis is not null) arguments.AddRange(["--redis", redis]);
        _processes.Start("dotnet", [.. arguments]);
        await _processes.HealthyAsync(_httpPorts, cancellation);
    }

    public IReadOnlyList<ProcessUse> Processes() => _processes.Uses();

    public async ValueTask DisposeAsync()
    {
        await _processes.DisposeAsync();
        await App.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private string RunFile()
    {
        var file = new StringBuilder("version: 1\nname: bench\ncommon: { resourcesPaths: [./components] }\napps:\n");
        for (var i = 0; i < _appPorts.Length; i++)
        {
            var id = i switch { 0 => Sides.Caller, 1 => Sides.Callee, _ => $"bench-{i}" };
            file.AppendLine(
                $"  - {{ appID: {id}, appDirPath: ., appPort: {_appPorts[i]}, daprHTTPPort: {_httpPorts[i]}, daprGRPCPort: {BenchProcesses.FreePort()} }}");
        }
        return file.ToString();
    }

    /// <summary>The runtime of the same build as this driver.</summary>
    private static string Program()
    {
        const string Own = "bench";
        var folder = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar);
        var bin = folder.LastIndexOf($"{Path.DirectorySeparatorChar}{Own}{Path.DirectorySeparatorChar}", StringComparison.Ordinal);
        var program = Path.Combine(folder[..bin], "local", folder[(bin + Own.Length + 2)..], "DaprShop.Local.dll");
        return File.Exists(program) ? program : throw new BenchError($"there is no {program}: build local first");
    }
}
