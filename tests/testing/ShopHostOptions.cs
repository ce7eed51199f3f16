using DaprShop.Local.Configuration;
using DaprShop.Local.Faults;
using DaprShop.Local.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace DaprShop.Testing;

/// <summary>Who takes part in a <see cref="ShopHost"/>.</summary>
public sealed class ShopHostOptions
{
    private const string Members = "members";

    private readonly Dictionary<string, AppOptions> _apps = new(StringComparer.Ordinal);
    private Action<IServiceCollection>? _runtime;
    private Resources? _resources;
    private FaultPlan? _faults;
    private string? _redis;
    private bool _direct;
    private IReadOnlyDictionary<string, string> _telemetry = new Dictionary<string, string>();

    public string DaprApiToken { get; } = "test-dapr-token";

    public string AppApiToken { get; } = "test-app-token";

    /// <summary>A fresh temporary directory unless <see cref="Data"/> says otherwise.</summary>
    public string DataDirectory { get; private set; } = Path.Combine(Path.GetTempPath(), "daprshop-" + Path.GetRandomFileName());

    internal EventListener? Listener { get; private set; }

    internal ContractCheck Told { get; } = new();

    internal bool OwnsDataDirectory { get; private set; } = true;

    /// <summary>A real service, as its <c>Create</c> builds it.</summary>
    /// <param name="appId">Its app id.</param>
    /// <param name="create">E.g. <c>OrderingService.Create</c>.</param>
    /// <param name="configure">Last word on its builder: a clock, settings, a client.</param>
    /// <param name="settings">Configuration, e.g. <c>("Orders:Deadline", "00:00:05")</c>.</param>
    public ShopHostOptions Service(
        string appId, Func<string[], Action<WebApplicationBuilder>?, WebApplication> create,
        Action<WebApplicationBuilder>? configure = null, params (string Key, string Value)[] settings)
    {
        var environment = settings.ToDictionary(setting => setting.Key, setting => setting.Value);
        environment["ASPNETCORE_ENVIRONMENT"] = "Development";
        environment.TryAdd("Logging:Level", "Warning");
        _apps[appId] = new AppOptions(appId) { Create = arguments => create(arguments, configure), Environment = environment };
        return this;
    }

    /// <summary>Another implementation of a service, <c>services/{appId}-{name}</c>, as a process of its own; built when out of date.</summary>
    /// <param name="appId">Its app id.</param>
    /// <param name="name">E.g. <c>node</c>.</param>
    /// <param name="settings">Environment variables.</param>
    public ShopHostOptions Swapped(string appId, string name, params (string Name, string Value)[] settings)
    {
        var swap = OtherImplementations.Find(appId, name);
        var environment = new Dictionary<string, string>(swap.Environment) { ["Logging__Level"] = "Warning" };
        foreach (var (key, value) in settings) environment[key] = value;
        _apps[appId] = new AppOptions(appId) { Directory = swap.Directory, Command = swap.Command, Environment = environment };
        return this;
    }

    /// <summary>A peer played by the test. It may subscribe (<c>.WithTopic("pubsub", …)</c>); CloudEvents come unwrapped.</summary>
    public ShopHostOptions Fake(string appId, Action<WebApplication> map)
    {
        _apps[appId] = new AppOptions(appId) { Create = arguments => FakeApp.Create(arguments, map, Told) };
        return this;
    }

    /// <summary>Where what is asked of the app's sidecar is told, as numbers.</summary>
    public ShopHostOptions MetricsPort(string appId, int port)
    {
        _apps[appId] = _apps[appId] with { MetricsPort = port };
        return this;
    }

    /// <summary>What its sidecars do is sent to the collector that OpenTelemetry's variables name.</summary>
    public ShopHostOptions Telemetry(IReadOnlyDictionary<string, string> variables)
    {
        _telemetry = variables;
        return this;
    }

    /// <summary>Keeps what is published on these topics: see <see cref="ShopHost.Events"/>.</summary>
    public ShopHostOptions Listen(params string[] topics)
    {
        Listener = new EventListener(topics);
        return Fake(EventListener.AppId, Listener.Map);
    }

    /// <summary>Resources other than the shop's own <c>components/</c>: the text of a YAML file.</summary>
    public ShopHostOptions Resources(string yaml)
    {
        _resources = ResourceFiles.Parse(yaml, "test.yaml");
        return this;
    }

    /// <summary>Other services for the runtime itself.</summary>
    public ShopHostOptions Runtime(Action<IServiceCollection> configure)
    {
        _runtime = configure;
        return this;
    }

    /// <summary>Lets things go wrong between apps and sidecars, as the plan says at the time.</summary>
    public ShopHostOptions Faults(FaultPlan plan)
    {
        _faults = plan;
        return this;
    }

    /// <summary>Components of Redis' types use this server, <c>host:port</c>, instead of being embedded.</summary>
    public ShopHostOptions Redis(string address)
    {
        _redis = address;
        return this;
    }

    /// <summary>Services call each other without sidecars.</summary>
    public ShopHostOptions Direct()
    {
        _direct = true;
        return this;
    }

    /// <summary>A data directory that outlives the host.</summary>
    public ShopHostOptions Data(string directory)
    {
        DataDirectory = directory;
        OwnsDataDirectory = false;
        return this;
    }

    internal LocalRuntimeOptions Build(TestKeys keys)
    {
        if (!_apps.ContainsKey(Members))
            Fake(Members, app => app.MapGet("/.well-known/jwks.json", () => Results.Text(keys.Jwks, "application/json")));
        var resources = _resources ?? ResourceFiles.Read([Path.Combine(Repository.Root, "components")], []);
        return new LocalRuntimeOptions
        {
            Apps = [.. _apps.Values],
            DataDirectory = DataDirectory,
            Resources = resources with { Components = [.. resources.Components.Select(OpenToFakes)] },
            DaprApiToken = DaprApiToken,
            AppApiToken = AppApiToken,
            ConfigureServices = _runtime,
            Faults = _faults,
            Redis = _redis,
            Direct = _direct,
            Telemetry = _telemetry,
        };
    }

    /// <summary>Whoever takes part in a test may use pub/sub, whatever name it goes by.</summary>
    private static ComponentSpec OpenToFakes(ComponentSpec component) =>
        component.Type.StartsWith("pubsub.", StringComparison.Ordinal) ? component with { Scopes = [] } : component;
}

/// <summary>A small app that a test makes up.</summary>
internal static class FakeApp
{
    public static WebApplication Create(string[] arguments, Action<WebApplication> map, ContractCheck told)
    {
        var builder = WebApplication.CreateSlimBuilder(arguments);
        builder.WebHost.UseUrls($"http://127.0.0.1:{builder.Configuration["APP_PORT"]}");
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        var app = builder.Build();
        app.Use(told.HearAsync);
        app.UseCloudEvents();
        map(app);
        app.MapSubscribeHandler();
        return app;
    }
}
