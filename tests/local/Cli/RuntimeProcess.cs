using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using DaprShop.Testing;

namespace DaprShop.Local.Tests.Cli;

/// <summary>The local runtime as a person starts it: a process, with one of the shop's services and a data directory of its own.</summary>
internal sealed partial class RuntimeProcess : IAsyncDisposable
{
#if DEBUG
    private const string Build = "Debug";
#else
    private const string Build = "Release";
#endif

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();

    public RuntimeProcess(string data, params string[] flags)
    {
        Data = data;
        var program = Path.Combine(OutputOf("local"), "DaprShop.Local.dll");
        _process = Process.Start(new ProcessStartInfo(
            "dotnet", [program, "--only", "payment", "--random-ports", "--gateway", "none", "--data", data, .. flags])
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        _process.OutputDataReceived += Keep;
        _process.ErrorDataReceived += Keep;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Data { get; }

    public int Id => _process.Id;

    public string Output => string.Join('\n', _output);

    /// <summary>Where the overview says the service is; waits for it.</summary>
    public async Task<Uri> ServiceAsync()
    {
        try
        {
            await ShopHost.EventuallyAsync(() => Task.FromResult(Row().IsMatch(Output)), "the overview", seconds: 180);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"{late.Message} Its output:\n{Output}", late);
        }
        return new Uri(Row().Match(Output).Groups["url"].Value);
    }

    /// <summary>The service's own process, by the file that remembers it.</summary>
    public Process Child()
    {
        var file = Directory.EnumerateFiles(Path.Combine(Data, "run")).Single();
        return Process.GetProcessById(int.Parse(Path.GetFileName(file)));
    }

    /// <summary>Where a project of the repository was built to.</summary>
    public static string OutputOf(string project) => Path.Combine(Repository.Root, project, "bin", Build, "net10.0");

    public void Kill() => _process.Kill(entireProcessTree: false);

    public async Task<int> EndedAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await _process.WaitForExitAsync(limit.Token);
        return _process.ExitCode;
    }

    public static async Task<bool> AnswersAsync(Uri service)
    {
        try
        {
            using var http = new HttpClient();
            using var response = await http.GetAsync(new Uri(service, "/healthz"));
            return response.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is not null) _output.Enqueue(line.Data);
    }

    [GeneratedRegex(@"^payment +(?<url>http://\S+) +\S+ \S+ +ready", RegexOptions.Multiline)]
    private static partial Regex Row();
}
