using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using DaprShop.Testing;

namespace DaprShop.Containers.Tests;

/// <summary>The docker command, in the repository's root.</summary>
public static class Docker
{
    /// <summary>Containers, networks and volumes of these tests bear this name, and meet no others.</summary>
    public const string Project = "daprshop-tests";

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(8);

    /// <summary>Runs it to its end.</summary>
    public static async Task<Output> TryAsync(IEnumerable<string> arguments, IEnumerable<(string Name, string Value)>? environment = null)
    {
        var start = new ProcessStartInfo("docker", arguments)
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment ?? []) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(s_patience);
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(limit.Token), process.StandardError.ReadToEndAsync(limit.Token));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
        return new Output(process.ExitCode, await output, await errors);
    }

    public static async Task<string> RunAsync(params string[] arguments) => (await TryAsync(arguments)).OrFail(arguments);

    /// <summary>docker compose with the values of .env.example.</summary>
    public static async Task<string> ComposeAsync(int gatewayPort, params string[] arguments)
    {
        string[] all = ["compose", "--project-name", Project, "--env-file", ".env.example", .. arguments];
        return (await TryAsync(all, [("SHOP_VERSION", "tests"), ("GATEWAY_PORT", $"{gatewayPort}")])).OrFail(all);
    }

    public static async Task<string> InspectAsync(string what, string format) => (await RunAsync("inspect", "--format", format, what)).Trim();

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

/// <param name="ExitCode">0 when all went well.</param>
public sealed record Output(int ExitCode, string Text, string Errors)
{
    public string OrFail(IEnumerable<string> arguments) => ExitCode == 0
        ? Text
        : throw new InvalidOperationException($"docker {string.Join(' ', arguments)}: exit code {ExitCode}\n{Text}\n{Errors}");
}
