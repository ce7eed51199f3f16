using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using DaprShop.Local.Hosting;
using DaprShop.Testing;

namespace DaprShop.Chaos.Tests;

/// <summary>
/// The whole shop as a person starts it: the local runtime's program, each service a process of its own, data of its own, and a port for
/// faults. All of it can be killed and started again on the same data at the same address.
/// </summary>
public sealed class ShopProcess : IAsyncDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("daprshop-chaos-").FullName;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(30) };
    private readonly IReadOnlyDictionary<string, string> _settings;
    private readonly StreamWriter _log;
    private readonly int _port = FreePorts.Take();
    private readonly Uri _control = new($"http://127.0.0.1:{FreePorts.Take()}/");
    private readonly Uri _faults;
    private readonly string _gateway;
    private readonly RedisServer? _redis;
    private Process _process = null!;

    private ShopProcess(string name, string gateway, RedisServer? redis, IReadOnlyDictionary<string, string> settings)
    {
        _settings = settings;
        _gateway = gateway;
        _redis = redis;
        _faults = new Uri(_control, "faults");
        var folder = Directory.CreateDirectory(Path.Combine(Repository.Root, "artifacts", "chaos")).FullName;
        LogFile = Path.Combine(folder, $"{DateTime.UtcNow:yyyyMMdd-HHmmss}-{name}.log");
        _log = new StreamWriter(LogFile) { AutoFlush = true };
        Door = new Door(_port);
        Staff = new Session(Door, "staff@daprshop.example", "Staff-1234!");
    }

    public Door Door { get; }

    public Session Staff { get; }

    public bool HasRedis => _redis is not null;

    /// <summary>What the runtime and the services had to say: the place to look when something is wrong.</summary>
    public string LogFile { get; }

    /// <param name="name">For its log file.</param>
    /// <param name="settings">Environment variables for every service.</param>
    public static Task<ShopProcess> StartAsync(string name, params (string Name, string Value)[] settings) =>
        StartBehindAsync("builtin", name, settings);

    /// <param name="gateway"><c>builtin</c> or <c>nginx</c>.</param>
    /// <param name="name">For its log file.</param>
    /// <param name="settings">Environment variables for every service.</param>
    public static async Task<ShopProcess> StartBehindAsync(string gateway, string name, params (string Name, string Value)[] settings)
    {
        var shop = new ShopProcess(name, gateway, null, settings.ToDictionary(setting => setting.Name, setting => setting.Value));
        shop.Start("--fresh");
        await shop.OpenAsync(TimeSpan.FromMinutes(5));
        return shop;
    }

    /// <summary>With its events in a Redis that writes all it accepts to its append-only file.</summary>
    /// <param name="name">For its log file.</param>
    /// <param name="settings">Environment variables for every service.</param>
    public static async Task<ShopProcess> StartOnRedisAsync(string name, params (string Name, string Value)[] settings)
    {
        var redis = await RedisServer.StartAsync();
        var shop = new ShopProcess(name, "builtin", redis, settings.ToDictionary(setting => setting.Name, setting => setting.Value));
        shop.Start("--fresh");
        await shop.OpenAsync(TimeSpan.FromMinutes(5));
        return shop;
    }

    /// <summary>Starts the runtime, and with it the services, on the data that is there.</summary>
    public void Start(params string[] flags)
    {
        string[] arguments =
        [
            Path.Combine(AppContext.BaseDirectory, "DaprShop.Local.dll"), "--random-ports", "--no-build", "--gateway", _gateway,
            "--data", _data, "--port", $"{_port}", "--control", $"{_control.Port}",
            .. _redis is null ? Array.Empty<string>() : ["--redis", _redis.Address], .. flags,
        ];
        var start = new ProcessStartInfo("dotnet", arguments)
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (setting, value) in _settings) start.Environment[setting] = value;
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Note(line.Data);
        _process.ErrorDataReceived += (_, line) => Note(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Ends when every service is up and the catalogue is there.</summary>
    public async Task OpenAsync(TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        await Door.InsistAsync(() => Door.TryAsync(HttpMethod.Get, "/health"), limit.Token);
        while (await CountAsync() == 0) await Task.Delay(100, limit.Token);

        async Task<long> CountAsync()
        {
            var products = await Door.InsistAsync(() => Door.TryAsync(HttpMethod.Get, "/api/catalog/products"), limit.Token);
            return products.Read<Listed<ProductDoc>>().Total;
        }
    }

    /// <summary>kill -9 of the runtime; its services see their standard input end, and end too.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    /// <summary>kill -9 of Redis, and after a while its next life on what its file has.</summary>
    public async Task<bool> KillRedisAsync(TimeSpan away)
    {
        if (_redis is null) return false;
        await _redis.KillAsync();
        await Task.Delay(away);
        await _redis.RunAsync();
        return true;
    }

    public Task PauseAsync() => SignalAsync(_process.Id, "STOP");

    public Task ResumeAsync() => SignalAsync(_process.Id, "CONT");

    /// <summary>Sends a signal to a service's process; false when it has none just now.</summary>
    public async Task<bool> SignalAsync(string service, string signal) => PidOf(service) is { } pid && await SignalAsync(pid, signal);

    /// <summary>Sets these faults instead of those before; false when the runtime is not there.</summary>
    /// <param name="rows">As in a fault file, without the braces.</param>
    /// <param name="seed">Of their chances.</param>
    public async Task<bool> SetFaultsAsync(IEnumerable<string> rows, int seed = 0)
    {
        var file = $"seed: {seed}\nfaults:\n{string.Join('\n', rows.Select(row => $"  - {{ {row} }}"))}\n";
        try
        {
            using var response = await _http.PutAsync(_faults, new StringContent(file));
            return response.IsSuccessStatusCode
                ? true
                : throw new ArgumentException(await response.Content.ReadAsStringAsync(), nameof(rows));
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>How often each fault that is set has struck; nothing when the runtime is not there.</summary>
    public async Task<IReadOnlyList<FaultHits>> FaultsAsync()
    {
        try
        {
            return await _http.GetFromJsonAsync<List<FaultHits>>(_faults, JsonSerializerOptions.Web) ?? [];
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException)
        {
            return [];
        }
    }

    /// <summary>Which replicas there are.</summary>
    public async Task<IReadOnlyList<ReplicaDoc>> ReplicasAsync() =>
        await _http.GetFromJsonAsync<List<ReplicaDoc>>(new Uri(_control, "apps"), JsonSerializerOptions.Web) ?? [];

    /// <summary>So many replicas; ends when they are there, or gone.</summary>
    public Task ScaleAsync(string service, int count) => ChangeAsync($"apps/{service}/replicas", new { count });

    /// <summary>A new process in place of each of the service's; ends when the old ones are gone.</summary>
    public Task ReplaceAsync(string service) => ChangeAsync($"apps/{service}/restart", null);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await SignalAsync(_process.Id, "TERM");
            using var grace = new CancellationTokenSource(TimeSpan.FromMinutes(1));
            await _process.WaitForExitAsync(grace.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        }
        _process.Dispose();
        Door.Dispose();
        _http.Dispose();
        lock (_log) _log.Dispose();
        if (_redis is not null) await _redis.DisposeAsync();
        Directory.Delete(_data, recursive: true);
    }

    private async Task ChangeAsync(string path, object? body)
    {
        using var patient = new HttpClient { Timeout = TimeSpan.FromMinutes(5) };
        using var answer = await patient.PostAsync(new Uri(_control, path), body is null ? null : JsonContent.Create(body, body.GetType()));
        if (!answer.IsSuccessStatusCode) throw new InvalidOperationException($"{path}: {await answer.Content.ReadAsStringAsync()}");
    }

    /// <summary>A child of the runtime that runs <c>DaprShop.{Service}.dll</c>.</summary>
    private int? PidOf(string service)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), out var pid)) continue;
            try
            {
                var stat = File.ReadAllText($"{folder}/stat");
                var parent = int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1]);
                if (parent != _process.Id) continue;
                var command = File.ReadAllText($"{folder}/cmdline");
                if (command.Contains($"DaprShop.{service}.dll", StringComparison.OrdinalIgnoreCase)) return pid;
            }
            catch (IOException)
            {
                // It has ended meanwhile.
            }
        }
        return null;
    }

    private static async Task<bool> SignalAsync(int pid, string signal)
    {
        // The shell's own kill: there may be no other.
        using var kill = Process.Start(new ProcessStartInfo("sh", ["-c", $"kill -{signal} {pid} 2>/dev/null"]))!;
        await kill.WaitForExitAsync();
        return kill.ExitCode == 0;
    }

    private void Note(string? line)
    {
        if (line is null) return;
        lock (_log)
        {
            if (_log.BaseStream.CanWrite) _log.WriteLine($"{DateTime.UtcNow:HH:mm:ss.fff} {line}");
        }
    }
}

public sealed record FaultHits(string App, string On, string Match, string When, string Do, int Seen, int Hit);

/// <summary>As the control port tells it.</summary>
public sealed record ReplicaDoc(string App, int Replica, string Url, bool Healthy);
