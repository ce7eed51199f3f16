using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using DaprShop.Local.Hosting;

namespace DaprShop.Testing;

/// <summary>
/// A real redis-server of the test's own on a random port, which writes every command to its append-only file before it answers. It can
/// be killed and started again on the same data at the same address.
/// </summary>
public sealed class RedisServer : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    private readonly string _data = Directory.CreateTempSubdirectory("daprshop-redis-").FullName;
    private Process _process = null!;

    private RedisServer(int port) => Port = port;

    /// <summary>Where the program is; null when it is not installed.</summary>
    public static string? Program { get; } = Programs.Find("redis-server", "/usr/bin");

    /// <summary>Whether tests without it are to be skipped: in CI it must be there.</summary>
    public static bool IsMissing => Program is null && Environment.GetEnvironmentVariable("CI") != "true";

    public int Port { get; }

    public string Address => $"127.0.0.1:{Port}";

    /// <param name="arguments">More of the command line, e.g. <c>--requirepass</c>.</param>
    public static async Task<RedisServer> StartAsync(params string[] arguments)
    {
        var server = new RedisServer(FreePorts.Take());
        await server.RunAsync(arguments);
        return server;
    }

    /// <summary>Starts it on the data that is there; ends when it has read it and answers.</summary>
    public async Task RunAsync(params string[] arguments)
    {
        string[] all =
        [
            "--port", $"{Port}", "--bind", "127.0.0.1", "--dir", _data, "--save", "", "--appendonly", "yes", "--appendfsync", "always",
            "--loglevel", "warning", .. arguments,
        ];
        _process = Process.Start(new ProcessStartInfo(Program ?? throw new FileNotFoundException("redis-server is not installed"), all)
        {
            RedirectStandardOutput = true,
        })!;
        _process.OutputDataReceived += (_, _) => { };
        _process.BeginOutputReadLine();
        using var limit = new CancellationTokenSource(s_patience);
        while (!await AnswersAsync()) await Task.Delay(20, limit.Token);
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    /// <summary>It keeps its connections and answers nobody, until <see cref="ResumeAsync"/>.</summary>
    public Task PauseAsync() => SignalAsync("STOP");

    public Task ResumeAsync() => SignalAsync("CONT");

    public async ValueTask DisposeAsync()
    {
        try
        {
            await KillAsync();
        }
        catch (InvalidOperationException)
        {
            // It was killed already.
        }

        Directory.Delete(_data, recursive: true);
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("sh", ["-c", $"kill -{signal} {_process.Id}"]);
        await kill.WaitForExitAsync();
    }

    /// <summary>With a password it says NOAUTH, which is an answer; LOADING is none.</summary>
    private async Task<bool> AnswersAsync()
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", Port);
            await client.GetStream().WriteAsync("PING\r\n"u8.ToArray());
            var answer = new byte[64];
            var read = await client.GetStream().ReadAsync(answer);
            return Encoding.ASCII.GetString(answer, 0, read) is ['+', ..] or ['-', 'N', 'O', 'A', 'U', 'T', 'H', ..];
        }
        catch (Exception error) when (error is SocketException or IOException)
        {
            return false;
        }
    }
}
