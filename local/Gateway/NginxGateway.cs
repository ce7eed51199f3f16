using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using DaprShop.Local.Configuration;
using DaprShop.Local.Hosting;

namespace DaprShop.Local.Gateway;

/// <summary>nginx with the configuration of services/gateway, as a child process that is started again when it dies.</summary>
/// <param name="executable">From <see cref="Find"/>.</param>
public sealed class NginxGateway(string executable, GatewaySettings settings, ILoggerFactory logs) : IGateway
{
    private const string SetPriv = "/usr/bin/setpriv";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan s_restartDelay = TimeSpan.FromSeconds(1);

    /// <summary>In which clients that are not idle send a request, and hear that the next is for another connection.</summary>
    private static readonly TimeSpan s_leave = TimeSpan.FromSeconds(0.25);

    private readonly ILogger _logger = logs.CreateLogger("gateway");
    private readonly CancellationTokenSource _stopping = new();
    private readonly string _directory = Path.GetFullPath(settings.DataPath);
    private GatewaySettings _settings = settings;
    private Process? _process;
    private Task _supervision = Task.CompletedTask;

    public string Name => "nginx";

    private string LeavingFile => Path.Combine(_directory, NginxEnvironment.LeavingFile);

    /// <summary>Where nginx is installed; null when it is not. System directories count even when the user's PATH lacks them.</summary>
    public static string? Find() => Programs.Find("nginx", OperatingSystem.IsWindows()
        ? []
        : ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin"]);

    public async Task StartAsync(CancellationToken cancellation)
    {
        WriteConfiguration();
        File.Delete(LeavingFile);
        await StopLeftoverAsync();
        RefuseTakenPort();
        _process = Launch();
        await WaitForPortAsync(_process, cancellation);
        _supervision = SuperviseAsync(_process);
    }

    public async Task FollowAsync(IReadOnlyDictionary<string, IReadOnlyList<Uri>> services)
    {
        _settings = _settings with { Services = services };
        WriteConfiguration();
        try
        {
            await ReloadAsync();
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            // There is no nginx just now; its next life reads the new addresses.
        }
        catch (OperationCanceledException) when (!_stopping.IsCancellationRequested)
        {
            _logger.LogWarning("nginx did not take the new addresses within {Seconds} s", s_patience.TotalSeconds);
        }
        finally
        {
            File.Delete(LeavingFile);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested) return;
        await _stopping.CancelAsync();
        await _supervision;
        if (_process is null) return;
        await StopAsync(_process);
        _process.Dispose();
    }

    /// <summary>Ends when workers with former addresses take no more requests.</summary>
    private async Task ReloadAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        limit.CancelAfter(s_patience);
        using var former = new IdleConnection();
        await former.OpenAsync(_settings.Port, limit.Token);
        await File.WriteAllTextAsync(LeavingFile, "", limit.Token);
        await Task.Delay(s_leave, limit.Token);
        using var signal = Run("-s", "reload");
        await signal.WaitForExitAsync(limit.Token);
        await former.ClosedAsync(limit.Token);
    }

    /// <summary>nginx reads includes beside its main file, so the rules are copied to where the generated file is.</summary>
    private void WriteConfiguration()
    {
        Directory.CreateDirectory(_directory);
        foreach (var file in Directory.EnumerateFiles(_settings.RulesPath).Where(file => Path.GetExtension(file) is ".conf" or ".map"))
            File.Copy(file, Path.Combine(_directory, Path.GetFileName(file)), overwrite: true);
        File.WriteAllText(Path.Combine(_directory, "environment.conf"), NginxEnvironment.Render(_settings, Addresses()));
    }

    private static IEnumerable<string> Addresses() => HasLoopbackV6() ? ["127.0.0.1", "[::1]"] : ["127.0.0.1"];

    private static bool HasLoopbackV6()
    {
        try
        {
            using var probe = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
            probe.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>A runtime that was killed could not stop its nginx, which would still hold the port.</summary>
    private async Task StopLeftoverAsync()
    {
        var pidFile = Path.Combine(_directory, "nginx.pid");
        if (!File.Exists(pidFile) || !int.TryParse(await File.ReadAllTextAsync(pidFile), out var pid)) return;
        try
        {
            using var leftover = Process.GetProcessById(pid);
            if (leftover.ProcessName.StartsWith("nginx", StringComparison.Ordinal)) await StopAsync(leftover);
        }
        catch (ArgumentException)
        {
            File.Delete(pidFile);
        }
    }

    /// <summary>nginx would wait and try again for seconds; and with reuseport another nginx could share the port unnoticed.</summary>
    private void RefuseTakenPort()
    {
        try
        {
            using var probe = new TcpListener(IPAddress.Loopback, _settings.Port);
            probe.Start();
        }
        catch (SocketException)
        {
            throw new ConfigurationError($"Port {_settings.Port} is in use; stop what uses it, or choose another with --port.");
        }
    }

    private Process Launch()
    {
        // Who may read the directory is up to the user of the runtime, also when that is root, whose workers nginx would run as nobody.
        var user = OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess ? " user root;" : "";
        var process = RunWithParent("-g", $"daemon off;{user}");
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is { Length: > 0 } text) _logger.LogWarning("nginx: {Line}", text);
        };
        process.BeginErrorReadLine();
        return process;
    }

    private Process Run(params string[] arguments) => Start([executable, .. Common(arguments)]);

    /// <summary>
    /// On Linux the kernel ends nginx when the runtime is killed (<c>PR_SET_PDEATHSIG</c>, by way of util-linux's setpriv); strictly
    /// speaking when the thread ends that started it, so that thread stays. Elsewhere the next run does (<see cref="StopLeftoverAsync"/>).
    /// </summary>
    private Process RunWithParent(params string[] arguments)
    {
        if (!File.Exists(SetPriv)) return Run(arguments);
        var started = new TaskCompletionSource<Process>();
        var parent = new Thread(Live) { IsBackground = true, Name = "nginx" };
        parent.Start();
        return started.Task.GetAwaiter().GetResult();

        void Live()
        {
            try
            {
                var process = Start([SetPriv, "--pdeathsig", "TERM", executable, .. Common(arguments)]);
                started.SetResult(process);
                process.WaitForExit();
            }
            catch (Exception error)
            {
                started.TrySetException(error); // or, once it has started, disposed of
            }
        }
    }

    private string[] Common(string[] arguments) =>
        ["-p", _directory, "-c", Path.Combine(_directory, "nginx.conf"), "-e", "stderr", .. arguments];

    private Process Start(string[] command) => Process.Start(new ProcessStartInfo(command[0], command[1..])
    {
        WorkingDirectory = _directory,
        RedirectStandardError = true,
        UseShellExecute = false,
    })!;

    private async Task WaitForPortAsync(Process process, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(s_patience);
        while (!await AnswersAsync(limit.Token))
        {
            if (process.HasExited || limit.IsCancellationRequested)
                throw new ConfigurationError("nginx did not start; its reason is in the log above. --gateway builtin does without it.");
            await Task.Delay(20, CancellationToken.None);
        }
    }

    private async Task<bool> AnswersAsync(CancellationToken cancellation)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, _settings.Port, cancellation);
            return true;
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException)
        {
            return false;
        }
    }

    private async Task SuperviseAsync(Process process)
    {
        try
        {
            while (true)
            {
                await process.WaitForExitAsync(_stopping.Token);
                await Task.Delay(s_restartDelay, _stopping.Token);
                _logger.LogError("nginx ended with code {ExitCode}; starting it again", process.ExitCode);
                process.Dispose();
                _process = process = Launch();
            }
        }
        catch (OperationCanceledException)
        {
            // The gateway is being stopped.
        }
    }

    private async Task StopAsync(Process process)
    {
        using var limit = new CancellationTokenSource(s_patience);
        try
        {
            if (process.HasExited) return;
            using var signal = Run("-s", "stop");
            await signal.WaitForExitAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
        }
    }
}
