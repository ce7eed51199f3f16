using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace DaprShop.Bench.Sidecars;

/// <summary>The processes of one side: started together, measured together, ended together. What they say goes to files in the folder.</summary>
internal sealed class BenchProcesses(string folder) : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private static int s_nextPort = 24_000 + (Environment.ProcessId % 500);

    private readonly List<(Process Process, bool IsMeasured)> _all = [];

    /// <summary>Below the ports that the system gives to outgoing connections, and none twice.</summary>
    public static int FreePort()
    {
        while (true)
        {
            var port = Interlocked.Increment(ref s_nextPort);
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException)
            {
                // Taken: the next one.
            }
        }
    }

    /// <summary>Null when it is not installed.</summary>
    public static string? FindRedis() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(place => Path.Combine(place, "redis-server")).FirstOrDefault(File.Exists);

    public void Start(string program, params string[] arguments) => Run(program, arguments, isMeasured: true);

    /// <summary>A Redis of this side's own, which keeps nothing on disk; returns its port.</summary>
    public int StartRedis()
    {
        var port = FreePort();
        Run(FindRedis()!, ["--port", $"{port}", "--bind", "127.0.0.1", "--save", "", "--dir", folder], isMeasured: false);
        return port;
    }

    public IReadOnlyList<ProcessUse> Uses() =>
        [.. _all.Where(started => started.IsMeasured).SelectMany(started => ShopProcesses.Tree(started.Process.Id))];

    /// <exception cref="BenchError">One of them ended, or they take too long.</exception>
    public async Task HealthyAsync(IEnumerable<int> httpPorts, CancellationToken cancellation)
    {
        using var http = new HttpClient();
        var began = Stopwatch.GetTimestamp();
        foreach (var port in httpPorts)
        {
            while (!await IsHealthyAsync(http, port, cancellation))
            {
                if (_all.Find(started => started.Process.HasExited) is { Process: { } dead })
                    throw new BenchError($"{dead.StartInfo.FileName} ended with exit code {dead.ExitCode}; see {folder}");
                if (Stopwatch.GetElapsedTime(began) > s_patience) throw new BenchError($"port {port} is not healthy; see {folder}");
                await Task.Delay(50, cancellation);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (process, _) in _all)
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }

    private static async Task<bool> IsHealthyAsync(HttpClient http, int port, CancellationToken cancellation)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{port}/v1.0/healthz"), cancellation);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private void Run(string program, string[] arguments, bool isMeasured)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DAPR_HOST_IP"] = "127.0.0.1";
        var log = TextWriter.Synchronized(new StreamWriter(Path.Combine(folder, $"{Path.GetFileName(program)}-{_all.Count}.log")) { AutoFlush = true });
        var process = Process.Start(start) ?? throw new BenchError($"cannot start {program}");
        process.OutputDataReceived += (_, line) => log.WriteLine(line.Data);
        process.ErrorDataReceived += (_, line) => log.WriteLine(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _all.Add((process, isMeasured));
    }
}
