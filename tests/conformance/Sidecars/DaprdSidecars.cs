using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using DaprShop.Local.Hosting;

namespace DaprShop.Conformance.Tests.Sidecars;

/// <summary>
/// Real daprd, one process for each app, with placement and scheduler, or Sentry, from the same folder. Redis stands behind configuration and
/// locks, for which daprd has nothing that needs no server; <c>redis-server</c> is looked for on the path.
/// </summary>
internal sealed class DaprdSidecars(string daprd) : ISidecars
{
    private static readonly string? s_redis = Programs.Find("redis-server");
    private readonly List<Process> _processes = [];
    private readonly int _placement = TestPorts.Take();
    private readonly int _scheduler = TestPorts.Take();
    private readonly int _redisPort = TestPorts.Take();
    private readonly int _sentryPort = TestPorts.Take();
    private readonly string _sentry = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(daprd))!, "sentry");
    private string _trustAnchors = "";

    public bool AreReal => true;

    /// <summary>Sentry is beside daprd.</summary>
    public bool CanCertify => File.Exists(_sentry);

    public string? RedisHost => s_redis is null ? null : $"127.0.0.1:{_redisPort}";

    public async Task StartAsync(IReadOnlyList<TestApp> apps, SidecarFiles files)
    {
        if (s_redis is not null) Start(s_redis, files, null, "--port", $"{_redisPort}", "--save", "", "--notify-keyspace-events", "KEA");
        await (files.AreCertified ? StartSentryAsync(files) : StartControlPlane(files));
        foreach (var app in apps) StartDaprd(app, files);
        using var http = new HttpClient();
        // One whose app is unwell is not healthy itself before the app is.
        await Task.WhenAll(apps.Select(app => HealthyAsync(http, app, app.HealthCheck is null ? "/v1.0/healthz" : "/v1.0/healthz/outbound")));
    }

    /// <summary>It makes its own certificates; whoever trusts them must be told.</summary>
    private async Task StartSentryAsync(SidecarFiles files)
    {
        var configuration = Path.Combine(files.Folder, "sentry.yaml");
        await File.WriteAllTextAsync(configuration, "apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: { name: sentry }\n");
        var credentials = Directory.CreateDirectory(Path.Combine(files.Folder, "sentry")).FullName;
        Start(_sentry, files, null,
            "--port", $"{_sentryPort}", "--healthz-port", $"{TestPorts.Take()}", "--metrics-port", $"{TestPorts.Take()}",
            "--listen-address", "127.0.0.1", "--healthz-listen-address", "127.0.0.1", "--metrics-listen-address", "127.0.0.1",
            "--config", configuration, "--issuer-credentials", credentials);
        var certificates = Path.Combine(credentials, "ca.crt");
        await TestWorld.EventuallyAsync(() => Task.FromResult(File.Exists(certificates) && new FileInfo(certificates).Length > 0), "Sentry");
        _trustAnchors = await File.ReadAllTextAsync(certificates);
    }

    private Task StartControlPlane(SidecarFiles files)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(daprd))!;
        Start(Path.Combine(folder, "placement"), files, null,
            "--port", $"{_placement}", "--healthz-port", $"{TestPorts.Take()}", "--metrics-port", $"{TestPorts.Take()}",
            "--listen-address", "127.0.0.1", "--healthz-listen-address", "127.0.0.1", "--metrics-listen-address", "127.0.0.1",
            "--initial-cluster", $"dapr-placement-0=127.0.0.1:{TestPorts.Take()}");
        Start(Path.Combine(folder, "scheduler"), files, null,
            "--port", $"{_scheduler}", "--healthz-port", $"{TestPorts.Take()}", "--metrics-port", $"{TestPorts.Take()}",
            "--listen-address", "127.0.0.1", "--healthz-listen-address", "127.0.0.1", "--metrics-listen-address", "127.0.0.1",
            "--override-broadcast-host-port", $"127.0.0.1:{_scheduler}",
            "--etcd-data-dir", Path.Combine(files.Folder, "scheduler"), "--etcd-client-port", $"{TestPorts.Take()}",
            "--etcd-initial-cluster", $"dapr-scheduler-server-0=http://localhost:{TestPorts.Take()}");
        return Task.CompletedTask;
    }

    public async Task ConfigureAsync(string key, string value)
    {
        using var redis = new TcpClient();
        await redis.ConnectAsync("127.0.0.1", _redisPort);
        string[] words = ["SET", key, value];
        var command = $"*{words.Length}\r\n" + string.Concat(words.Select(word => $"${Encoding.UTF8.GetByteCount(word)}\r\n{word}\r\n"));
        await redis.GetStream().WriteAsync(Encoding.UTF8.GetBytes(command));
        var answer = new byte[5];
        await redis.GetStream().ReadExactlyAsync(answer);
        if (!"+OK\r\n"u8.SequenceEqual(answer)) throw new InvalidOperationException("redis-server did not take the item.");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            if (!process.HasExited) process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }

    private void StartDaprd(TestApp app, SidecarFiles files)
    {
        List<string> arguments =
        [
            "--app-id", app.Id, "--app-port", $"{app.Port}", "--app-protocol", app.IsGrpc ? "grpc" : "http",
            "--dapr-http-port", $"{app.HttpPort}", "--dapr-grpc-port", $"{app.GrpcPort}",
            "--dapr-internal-grpc-port", $"{TestPorts.Take()}", "--metrics-port", $"{app.MetricsPort}",
            "--dapr-listen-addresses", "127.0.0.1", "--dapr-internal-grpc-listen-address", "127.0.0.1",
            "--resources-path", files.Resources, "--log-level", "info",
        ];
        arguments.AddRange(files.AreCertified
            ? ["--enable-mtls", "--sentry-address", $"127.0.0.1:{_sentryPort}"]
            : ["--placement-host-address", $"127.0.0.1:{_placement}", "--scheduler-host-address", $"127.0.0.1:{_scheduler}"]);
        if (app.HealthCheck is { } health)
        {
            arguments.AddRange([
                "--enable-app-health-check", "--app-health-threshold", $"{health.Threshold}",
                "--app-health-probe-interval", $"{HealthCheck.IntervalSeconds}", "--app-health-probe-timeout", $"{HealthCheck.TimeoutMilliseconds}"]);
            if (health.Path is { } path) arguments.AddRange(["--app-health-check-path", path]);
        }
        if (files.ConfigurationOf(app.Id) is { } configuration) arguments.AddRange(["--config", configuration]);
        Start(daprd, files, app.Id, [.. arguments]);
    }

    private void Start(string program, SidecarFiles files, string? appId, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = files.Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DAPR_HOST_IP"] = "127.0.0.1";
        start.Environment["APP_API_TOKEN"] = TestWorld.AppToken;
        start.Environment["CONFORM_COLOUR"] = "red";
        if (_trustAnchors.Length > 0) start.Environment["DAPR_TRUST_ANCHORS"] = _trustAnchors;
        if (files.DaprApiToken is { } token) start.Environment["DAPR_API_TOKEN"] = token;
        var log = TextWriter.Synchronized(new StreamWriter(
            Path.Combine(files.Folder, $"{appId ?? Path.GetFileName(program)}.log"))
        { AutoFlush = true });
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => log.WriteLine(line.Data);
        process.ErrorDataReceived += (_, line) => log.WriteLine(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _processes.Add(process);
    }

    private async Task HealthyAsync(HttpClient http, TestApp app, string path)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (true)
        {
            try
            {
                using var answer = await http.GetAsync(new Uri(app.Sidecar, path), limit.Token);
                if (answer.IsSuccessStatusCode) return;
            }
            catch (HttpRequestException)
            {
                // Not yet listening.
            }
            if (_processes.Find(process => process.HasExited) is { } dead)
                throw new InvalidOperationException($"{dead.StartInfo.FileName} of the conformance suite ended at its start.");
            await Task.Delay(50, limit.Token);
        }
    }
}
