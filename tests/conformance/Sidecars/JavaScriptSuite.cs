using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using DaprShop.Conformance.Tests.Apps;
using DaprShop.Local.Hosting;

namespace DaprShop.Conformance.Tests.Sidecars;

/// <summary>
/// Runs tests/conformance-js, once: a program that is two apps by the stock JavaScript SDK and calls their sidecars by it, and tells what
/// came of each case in the Test Anything Protocol.
/// </summary>
public sealed partial class JavaScriptSuite : IAsyncLifetime
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(8);

    private readonly TestApp _http = new("js", (_, _) => { }) { IsElsewhere = true };
    private readonly TestApp _grpc = new("js-grpc", (_, _) => { }) { IsElsewhere = true, IsGrpc = true };
    private TestWorld? _world;

    /// <summary>Whether the suite is to be skipped: in CI Node.js must be there.</summary>
    public static bool IsMissing { get; } = Programs.Find("node") is null && Environment.GetEnvironmentVariable("CI") != "true";

    /// <summary>The cases that the sources hold.</summary>
    public static IReadOnlyList<string> Cases { get; } =
    [
        .. Directory.EnumerateFiles(Folder(), "*.js").SelectMany(File.ReadLines).Select(line => Case().Match(line)).Where(match => match.Success)
            .SelectMany(match => match.Groups["protocol"].Value switch
            {
                "both" => [$"{match.Groups["name"]} over HTTP", $"{match.Groups["name"]} over gRPC"],
                "http" => [$"{match.Groups["name"]} over HTTP"],
                "grpc" => [$"{match.Groups["name"]} over gRPC"],
                _ => new[] { match.Groups["name"].Value },
            }).Order(StringComparer.Ordinal),
    ];

    /// <summary>What came of each case.</summary>
    public IReadOnlyDictionary<string, CaseResult> Results { get; private set; } = new Dictionary<string, CaseResult>();

    /// <summary>All that the program wrote.</summary>
    public string Output { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        if (IsMissing) return;
        await InstallAsync();
        _world = TestWorld.Of(new TestApp("echo", EchoApp.Map), new TestApp("flaky", FlakyApp.Map), _http, _grpc);
        using var suite = Start();
        var output = ReadAsync(suite);
        await _world.InitializeAsync();
        await RunAsync(suite);
        Output = await output;
        Results = CaseResult.Read(Output);
    }

    public async ValueTask DisposeAsync()
    {
        if (_world is not null) await _world.DisposeAsync();
    }

    /// <summary>Waits for the end, not for ever; meanwhile an operator changes an item of configuration, now and again.</summary>
    private async Task RunAsync(Process suite)
    {
        var began = TimeProvider.System.GetTimestamp();
        var configures = _world!.Sidecars.RedisHost is not null;
        if (configures) await _world.Sidecars.ConfigureAsync("js-colour", "red||3");
        for (var change = 0; !suite.HasExited && TimeProvider.System.GetElapsedTime(began) < s_patience; change++)
        {
            if (configures) await _world.Sidecars.ConfigureAsync("js-changing", $"{change}");
            await Task.Delay(s_pause);
        }
        suite.Kill(entireProcessTree: true);
        await suite.WaitForExitAsync();
    }

    private static async Task InstallAsync()
    {
        var made = new FileInfo(Path.Combine(Folder(), "node_modules", ".package-lock.json"));
        if (made.Exists && made.LastWriteTimeUtc >= File.GetLastWriteTimeUtc(Path.Combine(Folder(), "package-lock.json"))) return;
        using var npm = Process.Start(new ProcessStartInfo("npm", ["run", "setup"]) { WorkingDirectory = Folder() })!;
        await npm.WaitForExitAsync();
        if (npm.ExitCode != 0) throw new InvalidOperationException("npm could not install what tests/conformance-js needs.");
    }

    private Process Start()
    {
        var start = new ProcessStartInfo("node", ["--test-reporter=tap", "suite.js"])
        {
            WorkingDirectory = Folder(),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var environment = start.Environment;
        environment["JS_APP_PORT"] = $"{_http.Port}";
        environment["JS_HTTP_PORT"] = $"{_http.HttpPort}";
        environment["JS_GRPC_PORT"] = $"{_http.GrpcPort}";
        environment["JS_GRPC_APP_PORT"] = $"{_grpc.Port}";
        environment["JS_GRPC_APP_SIDECAR_PORT"] = $"{_grpc.GrpcPort}";
        if (_world!.Sidecars.RedisHost is { } redis) environment["JS_REDIS"] = redis;
        return Process.Start(start)!;
    }

    private static async Task<string> ReadAsync(Process suite)
    {
        var streams = await Task.WhenAll(suite.StandardOutput.ReadToEndAsync(), suite.StandardError.ReadToEndAsync());
        return string.Join('\n', streams);
    }

    private static string Folder([CallerFilePath] string source = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(source)!, "..", "..", "conformance-js"));

    [GeneratedRegex("""^(?<protocol>both|http|grpc|server)\("(?<name>[^"]+)",""")]
    private static partial Regex Case();
}

/// <summary>What came of one case.</summary>
/// <param name="Passed">False also when it was skipped.</param>
/// <param name="SkipReason">Null when it was not skipped.</param>
/// <param name="Diagnostics">What the runner says of it.</param>
public sealed partial record CaseResult(bool Passed, string? SkipReason, string Diagnostics)
{
    /// <summary>Reads <c>ok 1 - name # SKIP reason</c> and the indented lines below it.</summary>
    public static IReadOnlyDictionary<string, CaseResult> Read(string output)
    {
        var results = new Dictionary<string, CaseResult>();
        var last = "";
        foreach (var line in output.Split('\n'))
        {
            if (Verdict().Match(line) is { Success: true } match)
            {
                last = match.Groups["name"].Value.Replace("\\#", "#", StringComparison.Ordinal);
                var skipped = match.Groups["skip"].Success ? match.Groups["skip"].Value : null;
                results[last] = new CaseResult(match.Groups["not"].Length == 0 && skipped is null, skipped, "");
            }
            else if (line.StartsWith("  ", StringComparison.Ordinal) && results.TryGetValue(last, out var result))
            {
                results[last] = result with { Diagnostics = result.Diagnostics + line + "\n" };
            }
        }
        return results;
    }

    [GeneratedRegex("^(?<not>not )?ok \\d+ - (?<name>.*?)( # (SKIP|TODO) ?(?<skip>.*))?$")]
    private static partial Regex Verdict();
}
