using System.Diagnostics;

namespace DaprShop.Bench;

/// <summary>A shop that this run started itself.</summary>
public sealed class StartedShop : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_goodbye = TimeSpan.FromSeconds(20);

    private readonly Process _process;
    private readonly long _started = Stopwatch.GetTimestamp();

    private StartedShop(Process process) => _process = process;

    public int Pid => _process.Id;

    /// <summary>Runs the command by the system's shell; what it writes goes where ours goes.</summary>
    public static StartedShop Start(string command)
    {
        var start = OperatingSystem.IsWindows()
            ? new ProcessStartInfo("cmd.exe", ["/c", command])
            : new ProcessStartInfo("/bin/sh", ["-c", "exec " + command]);
        return new StartedShop(Process.Start(start) ?? throw new BenchError($"cannot start: {command}"));
    }

    /// <summary>Asks again and again until an order is accepted; returns how long after the process's start that was.</summary>
    public async Task<TimeSpan> FirstOrderAsync(Uri url, CancellationToken cancellation)
    {
        using var http = ShopApi.NewClient(url);
        using var api = new ShopApi(url, patient: false);
        IReadOnlyList<string> products = [];
        await UntilAsync(async () => (products = await api.ProductsAsync(1, cancellation)).Count > 0, cancellation);
        await UntilAsync(() => api.HasMembersAsync(cancellation), cancellation);
        await UntilAsync(async () =>
        {
            http.DefaultRequestHeaders.Authorization = new("Bearer", await api.MemberTokenAsync(0, cancellation));
            return true;
        }, cancellation);
        await UntilAsync(async () =>
        {
            using var request = Checkout.Request(products, Random.Shared);
            using var response = await http.SendAsync(request, cancellation);
            return response.IsSuccessStatusCode;
        }, cancellation);
        return Stopwatch.GetElapsedTime(_started);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited && !OperatingSystem.IsWindows())
        {
            using var interrupt = Process.Start("kill", ["-INT", $"{_process.Id}"]);
            await Task.WhenAny(_process.WaitForExitAsync(), Task.Delay(s_goodbye));
        }
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    private async Task UntilAsync(Func<Task<bool>> holds, CancellationToken cancellation)
    {
        while (!await TryAsync(holds))
        {
            if (_process.HasExited) throw new BenchError($"the shop ended with exit code {_process.ExitCode} before it took an order");
            if (Stopwatch.GetElapsedTime(_started) > s_patience)
                throw new BenchError($"no order was accepted within {s_patience.TotalSeconds:0} s");
            await Task.Delay(s_pause, cancellation);
        }
    }

    private static async Task<bool> TryAsync(Func<Task<bool>> holds)
    {
        try
        {
            return await holds();
        }
        catch (Exception error) when (error is HttpRequestException or BenchError or System.Text.Json.JsonException)
        {
            return false; // not there yet
        }
    }
}
