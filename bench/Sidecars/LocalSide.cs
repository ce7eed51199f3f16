using System.Text;

namespace DaprShop.Bench.Sidecars;

/// <summary>The local runtime with nine sidecars, as many as the shop has, in its one process.</summary>
internal sealed class LocalSide(bool withRedis) : SidecarSide("local", 9, withRedis)
{
    protected override async Task LaunchAsync(string? redis, CancellationToken cancellation)
    {
        await File.WriteAllTextAsync(Path.Combine(Folder, "dapr.yaml"), RunFile(), cancellation);
        List<string> arguments =
            [Program(), "--run-file", Path.Combine(Folder, "dapr.yaml"), "--data", Path.Combine(Folder, "data"), "--gateway", "none", "--dashboard", "none"];
        if (redis is not null) arguments.AddRange(["--redis", redis]);
        Processes.Start("dotnet", [.. arguments]);
    }

    private string RunFile()
    {
        var file = new StringBuilder("version: 1\nname: bench\ncommon: { resourcesPaths: [./components] }\napps:\n");
        for (var i = 0; i < Sidecars; i++)
        {
            var id = i switch { 0 => Sides.Caller, 1 => Sides.Callee, _ => $"bench-{i}" };
            file.AppendLine(
                $"  - {{ appID: {id}, appDirPath: ., appPort: {AppPorts[i]}, daprHTTPPort: {HttpPorts[i]}, daprGRPCPort: {BenchProcesses.FreePort()} }}");
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
