using System.Security.Cryptography;
using DaprShop.Local.Configuration;
using DaprShop.Local.Faults;
using DaprShop.Local.Gateway;
using DaprShop.Local.Hosting;

namespace DaprShop.Local.Cli;

/// <summary>One run of the shop, from the command line to the end.</summary>
internal sealed class ShopRun(CommandLine line, RunFile runFile, IReadOnlyList<RunFileApp> apps)
{
    private const int DefaultPort = 8080;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    /// <summary>Reads the run file that the command line names and picks its apps.</summary>
    public static ShopRun From(CommandLine line)
    {
        var runFile = RunFile.Read(line.RunFile ?? ClosestRunFile());
        return new ShopRun(line, runFile, Chosen(runFile, line.Only));
    }

    /// <summary>Runs until <paramref name="stop"/>.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        var began = TimeProvider.System.GetTimestamp();
        var data = Path.GetFullPath(line.Data ?? Path.Combine(runFile.Folder, "data"));
        using var held = DataLock.Take(data);
        if (line.Fresh) held.Clear();
        var built = apps.Select(app => app.In(line.Configuration)).ToList();
        Builds.Ensure(built, line.Configuration, mayBuild: !line.NoBuild);
        var colour = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("NO_COLOR") is null;
        using var log = new ConsoleLog(Path.Combine(data, "logs"), [.. apps.Select(app => app.AppId)], colour);
        var faults = Faults();
        await using var runtime = await LocalRuntime.StartAsync(
            new LocalRuntimeOptions
            {
                Apps = [.. built.Select(Options)],
                DataDirectory = data,
                Resources = Resources(),
                DaprApiToken = Variable("DAPR_API_TOKEN"),
                // Nobody but the sidecars needs it, so a fresh one serves.
                AppApiToken = Variable("APP_API_TOKEN") ?? Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)),
                Faults = faults,
                Log = log,
            },
            stop);
        await using var control = line.FaultsPort is { } port ? await FaultControl.StartAsync(faults!, port) : null;
        var gatewayPort = line.Port ?? (line.RandomPorts ? FreePorts.Take() : DefaultPort);
        await using var gateway = Gateway(runtime, gatewayPort, data);
        if (gateway is not null) await gateway.StartAsync(stop);
        var overview = new Overview(runFile, runtime.Apps.Sidecars, log, gateway is null ? null : (gateway, gatewayPort));
        await await Task.WhenAny(ReadyAsync(runtime, stop), Task.Delay(s_patience, CancellationToken.None));
        if (stop.IsCancellationRequested) return;
        overview.Print(TimeProvider.System.GetElapsedTime(began));
        await Task.Delay(Timeout.Infinite, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    private static string ClosestRunFile()
    {
        for (var folder = Environment.CurrentDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
            if (File.Exists(Path.Combine(folder, RunFile.DefaultName))) return folder;
        throw new ConfigurationError($"there is no {RunFile.DefaultName} here or above; name a run file with --run-file");
    }

    private static IReadOnlyList<RunFileApp> Chosen(RunFile runFile, IReadOnlyList<string>? only)
    {
        if (only is null) return runFile.Apps;
        var unknown = only.Where(id => runFile.Apps.All(app => app.AppId != id)).ToList();
        return unknown.Count == 0
            ? [.. runFile.Apps.Where(app => only.Contains(app.AppId))]
            : throw new ConfigurationError(
                $"--only: there is no app '{unknown[0]}'; there are {string.Join(", ", runFile.Apps.Select(app => app.AppId))}");
    }

    private AppOptions Options(RunFileApp app) => new(app.AppId)
    {
        AppPort = line.RandomPorts ? 0 : app.AppPort,
        DaprHttpPort = line.RandomPorts ? 0 : app.DaprHttpPort,
        DaprGrpcPort = line.RandomPorts ? 0 : app.DaprGrpcPort,
        Environment = app.Environment,
        Directory = app.Directory,
        Command = app.Command,
    };

    private FaultPlan? Faults()
    {
        if (line is { Faults: null, FaultsPort: null }) return null;
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
            apps.ToDictionary(app => app.AppId, app => Addresses(runtime.Apps.Of(app.AppId))),
            rules, Path.Combine(data, "gateway"), GatewayLimits.From(configuration));
        return Gateways.Choose(line.Gateway, settings, runtime.Services.GetRequiredService<ILoggerFactory>());
    }

    private static IReadOnlyList<Uri> Addresses(IReadOnlyList<Sidecar> replicas) => [.. replicas.Select(replica => replica.App.Address!)];

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
