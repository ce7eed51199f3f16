using System.Text.Json;

namespace DaprShop.Bench;

/// <summary>What a run has found; written as JSON and as a table.</summary>
/// <param name="Operations">By name.</param>
/// <param name="CpuMsPerOrder">CPU of all the shop's processes during the measurement, over confirmed orders; only for <c>checkout</c>.</param>
/// <param name="DriverCpuMsPerOrder">The same of this driver.</param>
/// <param name="Processes">CPU during the measurement; memory after it.</param>
/// <param name="SecondsToFirstOrder">From the start of the shop's process to its first accepted order, with <c>--start</c>.</param>
public sealed record BenchReport(
    string Mode, int Clients, double Seconds, string Machine,
    IReadOnlyDictionary<string, OperationReport> Operations,
    double? CpuMsPerOrder, double DriverCpuMs, double? DriverCpuMsPerOrder,
    IReadOnlyList<ProcessReport> Processes, double? SecondsToFirstOrder)
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public bool AnythingSucceeded => Operations.Values.Any(operation => operation.Succeeded > 0);

    public string ToJson() => JsonSerializer.Serialize(this, s_json);

    public void WriteTable(TextWriter to)
    {
        to.WriteLine($"{Mode}: {Clients} clients, {Seconds:0.0} s, {Machine}");
        if (SecondsToFirstOrder is { } first) to.WriteLine($"first order accepted {first:0.00} s after the start");
        to.WriteLine();
        to.WriteLine(
            $"{"operation",-16}{"per second",12}{"succeeded",12}{"failed",10}{"p50 ms",10}{"p90 ms",10}{"p99 ms",10}{"p99.9 ms",10}");
        foreach (var (name, operation) in Operations)
        {
            to.WriteLine(
                $"{name,-16}{operation.PerSecond,12:0.0}{operation.Succeeded,12}{operation.Failed,10}"
                + $"{operation.P50,10:0.00}{operation.P90,10:0.00}{operation.P99,10:0.00}{operation.P999,10:0.00}");
            foreach (var (error, count) in operation.Errors) to.WriteLine($"    {count,8} x {error}");
        }
        if (Processes.Count == 0) return;
        to.WriteLine();
        to.WriteLine($"{"process",-28}{"pid",8}{"CPU ms",12}{"RSS MiB",10}{"PSS MiB",10}");
        foreach (var process in Processes)
            to.WriteLine($"{process.Name,-28}{process.Pid,8}{process.CpuMs,12:0}{process.RssMiB,10:0.0}{process.PssMiB,10:0.0}");
        to.WriteLine(
            $"{"all",-28}{"",8}{Processes.Sum(process => process.CpuMs),12:0}"
            + $"{Processes.Sum(process => process.RssMiB),10:0.0}{Processes.Sum(process => process.PssMiB),10:0.0}");
        to.WriteLine($"{"this driver",-28}{Environment.ProcessId,8}{DriverCpuMs,12:0}");
        if (CpuMsPerOrder is { } cpu)
            to.WriteLine($"CPU per confirmed order: {cpu:0.00} ms, and {DriverCpuMsPerOrder:0.00} ms in this driver");
    }
}

/// <param name="Errors">How often, by what went wrong.</param>
public sealed record OperationReport(
    double PerSecond, long Succeeded, long Failed, double? P50, double? P90, double? P99, double? P999,
    IReadOnlyDictionary<string, long> Errors)
{
    public static OperationReport Of(Measurement measured, TimeSpan elapsed) => new(
        measured.Succeeded / elapsed.TotalSeconds, measured.Succeeded, measured.Errors.Values.Sum(),
        measured.Percentile(50), measured.Percentile(90), measured.Percentile(99), measured.Percentile(99.9), measured.Errors);
}

public sealed record ProcessReport(string Name, int Pid, double CpuMs, double RssMiB, double PssMiB);
