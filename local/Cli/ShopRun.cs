using System.Collections;
using System.Security.Cryptography;
using DaprShop.Local.Configuration;
using DaprShop.Local.Control;
using DaprShop.Local.Dashboard;
using DaprShop.Local.Faults;
using DaprShop.Local.Gateway;
using DaprShop.Local.Hosting;

namespace DaprShop.Local.Cli;

/// <summary>One run of the shop, from the command line to the end.</summary>
internal sealed class ShopRun(CommandLine line, RunFile runFile, IReadOnlyList<RunFileApp> apps)
{
    private const int DefaultPort = 8080;
    private const int DefaultDashboardPort = 8081;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    /// <summary>Reads the run file that the command line names and picks its apps.</summary>
    public static ShopRun From(CommandLine line)
    {
        var runFile = RunFile.Read(line.RunFile ?? ClosestRunFile());
        var apps = Chosen("--only", runFile.Apps, line.Only);
        _ = Chosen("--scale", apps, [.. line.Scale.Keys]);
        _ = Chosen("--swap", apps, [.. line.Swap.Keys]);
        _ = Chosen("--in-process", apps, InProcess(line));
        return new ShopRun(line, runFile, apps);
    }

    /// <summary>Runs until <paramref name="stop"/>.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        var began = TimeProvider.System.GetTimestamp();
        var data = Path.GetFullPath(line.Data ?? Path.Combine(runFile.Folder, "data"));
        using var held = DataLock.Take(data);
        if (line.Fresh) held.Clear();
        var built = apps.Select(Implementation).Select(app => app.In(line.Configuration)).ToList();
        Builds.Ensure(built, line.Configuration, mayBuild: !line.NoBuild);
        var colour = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("NO_COLOR") is null;
        // Nobody but the sidecars needs it, so a fresh one serves.
        var appToken = Variable("APP_API_TOKEN") ?? Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        using var console = new ConsoleLog(Path.Combine(data, "logs"), [.. apps.Select(app => app.AppId)], Console.Out, colour);
        var log = new RecentLog(
            console,
            new SecretMask([appToken, Variable("DAPR_API_TOKEN")], [.. SecretMask.OwnVariables(), .. apps.SelectMany(app => app.Environment)]),
            TimeProvider.System);
        var faults = Faults();
        await using var runtime = await LocalRuntime.StartAsync(
            new LocalRuntimeOptions
            {
                Apps = [.. built.Select(app => Options(app, log))],
                DataDirectory = data,
                Resources = Resources(),
                Redis = line.Redis,
                Direct = line.Direct,
                DaprApiToken = Variable("DAPR_API_TOKEN"),
                AppApiToken = appToken,
                Telemetry = Telemetry(),
                Faults = faults,
                Log = log,
            },
            stop);
        var gatewayPort = line.Port ?? (line.RandomPorts ? FreePorts.Take() : DefaultPort);
        await using var gateway = Gateway(runtime, gatewayPort, data);
        if (gateway is not null)
        {
            await gateway.StartAsync(stop);
            runtime.OnChanged(() => gateway.FollowAsync(Addresses(runtime)));
        }
        await using var control = line.Control is { } controlPort
            ? await ControlServer.StartAsync(controlPort, routes =>
            {
                routes.MapReplicas(runtime);
                routes.MapFaults(faults!);
            })
            : null;
        Uri? shop = gateway is null ? null : new Uri($"http://localhost:{gatewayPort}");
        await using var dashboard = await DashboardAsync(runtime, log, shop);
        var overview = new Overview(runFile, runtime.Apps.Sidecars, console, gateway is null ? null : (gateway, gatewayPort), dashboard?.Port);
        await await Task.WhenAny(ReadyAsync(runtime, stop), Task.Delay(s_patience, CancellationToken.None));
        if (stop.IsCancellationRequested) return;
        overview.Print(TimeProvider.System.GetElapsedTime(began));
        await Task.Delay(Timeout.Infinite, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    private static Dictionary<string, string> Telemetry() => Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
        .Where(variable => ((string)variable.Key).StartsWith("OTEL_", StringComparison.Ordinal))
        .ToDictionary(variable => (string)variable.Key, variable => (string)variable.Value!, StringComparer.Ordinal);

    private static string ClosestRunFile()
    {
        for (var folder = Environment.CurrentDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
            if (File.Exists(Path.Combine(folder, RunFile.DefaultName))) return folder;
        throw new ConfigurationError($"there is no {RunFile.DefaultName} here or above; name a run file with --run-file");
    }

    /// <summary>Null for all.</summary>
    private static IReadOnlyList<RunFileApp> Chosen(string flag, IReadOnlyList<RunFileApp> apps, IReadOnlyList<string>? ids)
    {
        if (ids is null) return apps;
        if (ids.FirstOrDefault(id => apps.All(app => app.AppId != id)) is not { } unknown) return [.. apps.Where(app => ids.Contains(app.AppId))];
        throw new ConfigurationError($"{flag}: there is no app '{unknown}'; there are {string.Join(", ", apps.Select(app => app.AppId))}");
    }

    /// <summary>Null for all.</summary>
    private static IReadOnlyList<string>? InProcess(CommandLine line) =>
        line.InProcess.Contains(CommandLineParser.All) ? null : line.InProcess;

    private RunFileApp Implementation(RunFileApp app) =>
        line.Swap.TryGetValue(app.AppId, out var name) ? Swap.For(app, name, mayBuild: !line.NoBuild) : app;

    private AppOptions Options(RunFileApp app, IAppLog log) => new(app.AppId)
    {
        Replicas = line.Scale.GetValueOrDefault(app.AppId, 1),
        AppPort = line.RandomPorts ? 0 : app.AppPort,
        DaprHttpPort = line.RandomPorts ? 0 : app.DaprHttpPort,
        DaprGrpcPort = line.RandomPorts ? 0 : app.DaprGrpcPort,
        MetricsPort = line.RandomPorts ? 0 : app.MetricsPort,
        ConfigurationFile = app.ConfigFile,
        SpeaksGrpc = app.Protocol == "grpc",
        HealthCheck = app.HealthCheck,
        Environment = app.Environment,
        Directory = app.Directory,
        Command = app.Command,
        Create = InProcess(line)?.Contains(app.AppId) ?? true ? Hosted(app, log) : null,
    };

    /// <summary>Of <c>--in-process=all</c>, a service in another language stays a process.</summary>
    private Func<string[], WebApplication>? Hosted(RunFileApp app, IAppLog log) => Builds.ProgramOf(app) switch
    {
        { } program => InProcessService.Load(app.AppId, program, app.Directory, log),
        null when InProcess(line) is null => null,
        null => throw new ConfigurationError($"--in-process: '{app.AppId}' is no .NET program"),
    };

    private FaultPlan? Faults()
    {
        if (line is { Faults: null, Control: null }) return null;
        var plan = new FaultPlan(TimeProvider.System);
        if (line.Faults is { } file) plan.Set(FaultFile.Read(Path.GetFullPath(file)));
        return plan;
    }

    private Resources Resources()
    {
        if (line.ResourcesPath is { } folder) return ResourceFiles.Read([Path.GetFullPath(folder)], ConfigFiles());
        if (apps.FirstOrDefault(app => !app.ResourcesPaths.SequenceEqual(apps[0].ResourcesPaths)) is { } other)
            throw new ConfigurationError($"{other.Source}: resourcesPaths may not differ from app to app here; use one folder, and scopes");
        return ResourceFiles.Read(apps[0].ResourcesPaths, ConfigFiles());
    }

    private IEnumerable<string> ConfigFiles() => apps.Select(app => app.ConfigFile).OfType<string>();

    private IGateway? Gateway(LocalRuntime runtime, int port, string data)
    {
        var rules = Path.Combine(runFile.Folder, "services", "gateway");
        if (line.Gateway is null && !Directory.Exists(rules)) return null;
        var configuration = new ConfigurationBuilder().AddEnvironmentVariables().Build();
        var settings = new GatewaySettings(
            port,
            Addresses(runtime),
            rules, Path.Combine(data, "gateway"), GatewayLimits.From(configuration));
        return Gateways.Choose(line.Gateway, settings, runtime.Services.GetRequiredService<ILoggerFactory>());
    }

    /// <summary>Where nobody has said where, and somebody is there already, another place serves as well.</summary>
    private async Task<DashboardServer?> DashboardAsync(LocalRuntime runtime, RecentLog log, Uri? shop)
    {
        if (line.Dashboard == 0) return null;
        var port = line.Dashboard ?? (line.RandomPorts || !FreePorts.IsFree(DefaultDashboardPort) ? 0 : DefaultDashboardPort);
        var pages = new DashboardPages(new RuntimeView(runFile.Name, shop, runtime), log, TimeProvider.System);
        return await DashboardServer.StartAsync(port, pages);
    }

    private Dictionary<string, IReadOnlyList<Uri>> Addresses(LocalRuntime runtime) => apps.ToDictionary(
        app => app.AppId, IReadOnlyList<Uri> (app) => [.. runtime.Apps.Of(app.AppId).Select(replica => replica.App.Address!)]);

    /// <summary>A program that is not there ends the run; one that dies is started again, and the others serve.</summary>
    private static async Task ReadyAsync(LocalRuntime runtime, CancellationToken stop)
    {
        try
        {
            await runtime.ReadyAsync(stop);
        }
        catch (OperationCanceledException)
        {
            // The run ends before it began.
        }
    }
}
