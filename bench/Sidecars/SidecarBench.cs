using System.Runtime.InteropServices;

namespace DaprShop.Bench.Sidecars;

/// <summary>
/// What a sidecar costs, and what daprd costs beside it when there is one: closed loops over loopback, both sides slice by slice in turn,
/// so that whatever else the machine does meets both.
/// </summary>
public sealed class SidecarBench(BenchOptions options)
{
    private const int Rounds = 6;

    /// <returns>The exit code: 0, or 1 when something did not succeed at all.</returns>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        var withRedis = BenchProcesses.FindRedis() is not null;
        await using var local = new LocalSide(withRedis);
        await using var daprd = options.Daprd is { } path ? new DaprdSide(path, withRedis) : null;
        SidecarSide[] sides = daprd is null ? [local] : [local, daprd];
        foreach (var side in sides) await side.StartAsync(cancellation);
        // Until what they do at their start is over: they tell nobody when.
        await Task.Delay(TimeSpan.FromSeconds(3), cancellation);
        var idle = sides.ToDictionary(side => side, MemoryOf);

        var names = options.Only?.Split(',', StringSplitOptions.TrimEntries);
        var cells = new List<SidecarCell>();
        var loaded = idle;
        foreach (var (name, make) in SidecarCalls.All)
        {
            if (names is not null && !names.Contains(name) || !withRedis && SidecarCalls.NeedsRedis(name)) continue;
            // Of reminders each stays; of all that comes before, nothing has to.
            if (name == SidecarCalls.Reminder) loaded = sides.ToDictionary(side => side, MemoryOf);
            foreach (var connections in options.Connections)
                cells.AddRange(await MeasureAsync(name, make, connections, sides, cancellation));
        }

        var report = new SidecarReport(
            $"{Environment.ProcessorCount} processors, {RuntimeInformation.OSDescription}, load {Load()}", withRedis, cells,
            [.. sides.Select(side => new SidecarMemory(side.Name, side.Sidecars, idle[side], loaded[side], MemoryOf(side)))]);
        report.WriteTable(Console.Out);
        if (options.Report is { } file) await File.WriteAllTextAsync(file, report.ToJson(), cancellation);
        return cells.All(cell => cell.PerSecond > 0) ? 0 : 1;
    }

    private async Task<IReadOnlyList<SidecarCell>> MeasureAsync(
        string name, Func<SidecarSide, int, IOperation> make, int connections, SidecarSide[] sides, CancellationToken cancellation)
    {
        var runs = sides.Select(side => new Run(side, [.. Enumerable.Range(0, connections).Select(client => new Mix(new Random(client), (make(side, client), 1)))]))
            .ToArray();
        try
        {
            foreach (var run in runs) await DaprShop.Bench.Load.RunAsync(run.Clients, options.Warmup, cancellation);
            for (var round = 0; round < Rounds; round++)
            {
                // Each goes first as often as the other.
                foreach (var run in round % 2 == 0 ? runs : runs.Reverse()) await run.SliceAsync(options.Duration / Rounds, cancellation);
            }
            return [.. runs.Select(run => run.Cell(name, connections))];
        }
        finally
        {
            foreach (var client in runs.SelectMany(run => run.Clients)) client.Dispose();
        }
    }

    private static SidecarReport.Memory MemoryOf(SidecarSide side)
    {
        const double MiB = 1024 * 1024;
        var processes = side.Processes.Uses();
        return new(processes.Sum(process => process.RssBytes) / MiB, processes.Sum(process => process.PssBytes) / MiB);
    }

    private static string Load() => File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[1] + " over 5 minutes" : "unknown";

    /// <summary>One operation on one side: its slices, added up.</summary>
    private sealed class Run(SidecarSide side, IReadOnlyList<Mix> clients)
    {
        private readonly Measurement _seen = new();
        private TimeSpan _elapsed;
        private TimeSpan _cpu;

        public IReadOnlyList<Mix> Clients => clients;

        public async Task SliceAsync(TimeSpan duration, CancellationToken cancellation)
        {
            var before = Cpu();
            var (measured, elapsed) = await DaprShop.Bench.Load.RunAsync(clients, duration, cancellation);
            _cpu += Cpu() - before;
            _elapsed += elapsed;
            foreach (var measurement in measured.Values) _seen.Add(measurement);
        }

        public SidecarCell Cell(string operation, int connections) => new(
            operation, connections, side.Name, _seen.Succeeded / _elapsed.TotalSeconds, _seen.Percentile(50), _seen.Percentile(99),
            _cpu.TotalMilliseconds / Math.Max(1, _seen.Succeeded), _seen.Errors);

        private TimeSpan Cpu() => side.Processes.Uses().Aggregate(TimeSpan.Zero, (sum, process) => sum + process.Cpu);
    }
}
