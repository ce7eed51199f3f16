using DaprShop.Local.Configuration;
using DaprShop.Local.Gateway;
using DaprShop.Local.Hosting;

namespace DaprShop.Local.Cli;

/// <summary>What is where, told once when the shop is up.</summary>
internal sealed class Overview(
    RunFile runFile, IReadOnlyList<Sidecar> sidecars, ConsoleLog log, (IGateway Gateway, int Port)? gateway, int? dashboard)
{
    private const string StaffUser = "staff@daprshop.example";
    private const string DefaultStaffPassword = "Staff-1234!";

    public void Print(TimeSpan taken)
    {
        List<string[]> rows = [["service", "url", "sidecar", "state", "log"], .. sidecars.Select(Row)];
        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        Console.WriteLine();
        foreach (var row in rows) Console.WriteLine(string.Join("  ", row.Zip(widths, (cell, width) => cell.PadRight(width))).TrimEnd());
        Console.WriteLine();
        if (gateway is { } door) Console.WriteLine($"{runFile.Name}: http://localhost:{door.Port} ({door.Gateway.Name} gateway)");
        if (dashboard is { } port) Console.WriteLine($"dashboard: http://localhost:{port}");
        Console.WriteLine($"staff login: {StaffUser}, {StaffPassword()}");
        var ready = sidecars.Count(sidecar => sidecar.IsReady);
        Console.WriteLine($"{ready} of {sidecars.Count} services ready after {taken.TotalSeconds:0.0} s; Ctrl-C stops them all");
    }

    private string[] Row(Sidecar sidecar) =>
    [
        sidecar.AppId, sidecar.App.BaseAddress, $"{sidecar.HttpPort}, {sidecar.GrpcPort}", sidecar.App.IsHealthy ? "ready" : "not ready",
        YamlMap.DisplayName(log.PathOf(sidecar.AppId)),
    ];

    /// <summary>A password that somebody chose is not for the screen.</summary>
    private static string StaffPassword() => Environment.GetEnvironmentVariable("Shop__StaffPassword") is { Length: > 0 }
        ? "the password of Shop__StaffPassword"
        : $"password {DefaultStaffPassword}";
}
