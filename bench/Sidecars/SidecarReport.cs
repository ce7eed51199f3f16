using System.Globalization;
using System.Text.Json;

namespace DaprShop.Bench.Sidecars;

/// <summary>What a run has found; written as JSON and as a table (in Markdown, to be put where people read it).</summary>
/// <param name="Machine">Where, and how busy it was.</param>
/// <param name="WithRedis">Whether events went through a Redis; else daprd kept them in memory and the local runtime in its log on disk.</param>
/// <param name="Cells">By operation and number of connections, each side after the other.</param>
/// <param name="Memories">Of each side.</param>
public sealed record SidecarReport(
    string Machine, bool WithRedis, IReadOnlyList<SidecarCell> Cells, IReadOnlyList<SidecarMemory> Memories)
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public string ToJson() => JsonSerializer.Serialize(this, s_json);

    public void WriteTable(TextWriter to)
    {
        to.WriteLine($"{Machine}; events {(WithRedis ? "in Redis" : "in memory (daprd), in a log on disk (local)")}");
        to.WriteLine();
        to.WriteLine("| operation | connections | side | per second | p50 ms | p99 ms | CPU ms a call | rate × daprd |");
        to.WriteLine("|---|---|---|---|---|---|---|---|");
        foreach (var same in Cells.GroupBy(cell => (cell.Operation, cell.Connections)))
        {
            var daprd = same.FirstOrDefault(cell => cell.Side == "daprd");
            foreach (var cell in same)
            {
                to.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"| {cell.Operation} | {cell.Connections} | {cell.Side} | {cell.PerSecond:N0} | {cell.P50:0.00} | {cell.P99:0.00} | {cell.CpuMs:0.000} | {(daprd is null || cell == daprd ? "" : $"{cell.PerSecond / daprd.PerSecond:0.0}")} |"));
                foreach (var (error, count) in cell.Errors) to.WriteLine($"    {count,8} x {error}");
            }
        }
        to.WriteLine();
        to.WriteLine("| side | sidecars | idle RSS, PSS (MiB) | after load RSS, PSS (MiB) | in the end, with all reminders RSS, PSS (MiB) |");
        to.WriteLine("|---|---|---|---|---|");
        foreach (var memory in Memories)
        {
            to.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {memory.Side} | {memory.Sidecars} | {memory.Idle.RssMiB:0}, {memory.Idle.PssMiB:0} | {memory.AfterLoad.RssMiB:0}, {memory.AfterLoad.PssMiB:0} | {memory.AtEnd.RssMiB:0}, {memory.AtEnd.PssMiB:0} |"));
        }
    }

    public sealed record Memory(double RssMiB, double PssMiB);
}

/// <param name="CpuMs">Of the sidecars' processes, for a call that succeeded.</param>
/// <param name="Errors">How often, by what went wrong.</param>
public sealed record SidecarCell(
    string Operation, int Connections, string Side, double PerSecond, double? P50, double? P99, double CpuMs,
    IReadOnlyDictionary<string, long> Errors);

/// <param name="Sidecars">How many sidecars that is.</param>
/// <param name="Idle">Before anything was asked.</param>
/// <param name="AfterLoad">Before the first reminder.</param>
/// <param name="AtEnd">With all reminders, which stay.</param>
public sealed record SidecarMemory(
    string Side, int Sidecars, SidecarReport.Memory Idle, SidecarReport.Memory AfterLoad, SidecarReport.Memory AtEnd);
