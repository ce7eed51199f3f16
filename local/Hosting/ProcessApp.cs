using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using DaprShop.Local.Configuration;

namespace DaprShop.Local.Hosting;

/// <summary>
/// An app that is a process of its own. It ends with the runtime, whatever happens to the runtime: its standard input is a pipe that
/// only the runtime holds, and <c>EXIT_WITH_STDIN</c> asks the app to end when that closes. (Apps that do not care about it are
/// remembered in a file, and ended by the next run.)
/// </summary>
internal sealed class ProcessApp : IRunningApp
{
    /// <summary>Tells an app to end when its standard input does.</summary>
    public const string ExitWithStdin = "EXIT_WITH_STDIN";

    private const int SigTerm = 15;

    /// <summary>Where this runtime was told to listen is no business of the apps'.</summary>
    private static readonly string[] s_ownVariables = ["ASPNETCORE_URLS", "ASPNETCORE_HTTP_PORTS", "ASPNETCORE_HTTPS_PORTS", "DOTNET_URLS"];

    /// <summary>
    /// For the last lines of an app that has ended; a child of its own may keep its output open for as long as it likes. A second, of short
    /// waits: what a stalled machine takes is not counted, for the lines are there and only have to be read.
    /// </summary>
    private static readonly (TimeSpan Wait, int Times) s_lastLines = (TimeSpan.FromMilliseconds(50), 20);

    private readonly Process _process;
    private readonly ProcessRecord _record;

    private ProcessApp(Process process, Task exited, ProcessRecord record)
    {
        _process = process;
        _record = record;
        Ended = EndedAsync(exited);
    }

    public Task<string> Ended { get; }

    /// <exception cref="ConfigurationError">There is no such program, or it may not be run.</exception>
    public static IRunningApp Start(AppOptions app, IReadOnlyDictionary<string, string> settings, ProcessRecord record, IAppLog log)
    {
        var start = new ProcessStartInfo(app.Command[0], app.Command.Skip(1))
        {
            WorkingDirectory = app.Directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in s_ownVariables) start.Environment.Remove(name);
        foreach (var (name, value) in settings) start.Environment[name] = value;
        start.Environment[ExitWithStdin] = "true";
        var exited = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        process.Exited += (_, _) => exited.TrySetResult();
        process.OutputDataReceived += (_, output) => Tell(output.Data);
        process.ErrorDataReceived += (_, output) => Tell(output.Data);
        try
        {
            process.Start();
        }
        catch (Exception error) when (error is Win32Exception or DirectoryNotFoundException)
        {
            process.Dispose();
            throw new ConfigurationError(
                $"'{string.Join(' ', app.Command)}' of app '{app.AppId}' cannot be started in {app.Directory}: {error.Message}");
        }
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        record.Add(process);
        return new ProcessApp(process, exited.Task, record);

        void Tell(string? line)
        {
            if (line is not null) log.Line(app.AppId, line);
        }
    }

    /// <summary>By SIGTERM; where there are no signals, the end of standard input is the only polite way.</summary>
    public async Task StopAsync(TimeSpan patience)
    {
        if (_process.HasExited) return;
        if (OperatingSystem.IsWindows()) _process.StandardInput.Close();
        else _ = kill(_process.Id, SigTerm);
        if (await Task.WhenAny(Ended, Task.Delay(patience)) != Ended) Kill();
        await Ended;
    }

    public ValueTask DisposeAsync()
    {
        Kill();
        _record.Remove(_process);
        _process.Dispose();
        return ValueTask.CompletedTask;
    }

    public void Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }
    }

    private async Task<string> EndedAsync(Task exited)
    {
        await exited;
        using var limit = new CancellationTokenSource();
        var read = _process.WaitForExitAsync(limit.Token);
        for (var times = 0; !read.IsCompleted && times < s_lastLines.Times; times++) await Task.WhenAny(read, Task.Delay(s_lastLines.Wait));
        await limit.CancelAsync();
        await read.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return $"it ended with exit code {_process.ExitCode}";
    }

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int kill(int process, int signal);
}
