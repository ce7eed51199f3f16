using DaprShop.Local.AppHealth;
using DaprShop.Local.Configuration;
using DaprShop.Local.Faults;

namespace DaprShop.Local.Hosting;

/// <summary>What a <see cref="LocalRuntime"/> is to run.</summary>
public sealed record LocalRuntimeOptions
{
    public required IReadOnlyList<AppOptions> Apps { get; init; }

    /// <summary>Where state, messages and reminders are kept.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Components and what goes with them; a component's scopes say which app may use it.</summary>
    public Resources Resources { get; init; } = Resources.None;

    /// <summary>Host and port of the Redis that <c>state.redis</c> and <c>pubsub.redis</c> are to use; null embeds them.</summary>
    public string? Redis { get; init; }

    /// <summary>What apps must send to their sidecar as <c>dapr-api-token</c>; null for no check.</summary>
    public string? DaprApiToken { get; init; }

    /// <summary>What sidecars send to their app as <c>dapr-api-token</c>.</summary>
    public string? AppApiToken { get; init; }

    /// <summary>
    /// Apps are told where the others listen (<c>Peers__{app id}</c>; of several replicas the first), and the shop's services then call
    /// each other there, not through sidecars.
    /// </summary>
    public bool Direct { get; init; }

    /// <summary>Last word on the runtime's own services (a gateway, a test's clock).</summary>
    public Action<IServiceCollection>? ConfigureServices { get; init; }

    /// <summary>OpenTelemetry's variables, which say where sidecars send what they do (<c>OTEL_EXPORTER_OTLP_ENDPOINT</c>).</summary>
    public IReadOnlyDictionary<string, string> Telemetry { get; init; } = new Dictionary<string, string>();

    /// <summary>What is to go wrong; null when nothing ever will, which costs nothing.</summary>
    public FaultPlan? Faults { get; init; }

    /// <summary>Takes what the apps and the runtime have to say.</summary>
    public IAppLog Log { get; init; } = new NoLog();
}

/// <summary>One app and its sidecar. A port of 0 means any free one.</summary>
/// <param name="AppId">Its Dapr app id.</param>
public sealed record AppOptions(string AppId)
{
    /// <summary>How many of it there are at first. The first has the ports given here, the others any free ones.</summary>
    public int Replicas { get; init; } = 1;

    public int AppPort { get; init; }

    public int DaprHttpPort { get; init; }

    public int DaprGrpcPort { get; init; }

    /// <summary>Where <c>/metrics</c> tells what is asked of its sidecars; 0 for nowhere.</summary>
    public int MetricsPort { get; init; }

    /// <summary>The app's Dapr Configuration, for its access-control list, its secrets' scopes and its tracing; null when it has none.</summary>
    public string? ConfigurationFile { get; init; }

    /// <summary>The app speaks gRPC: calls and events come as <c>AppCallback</c>, or by gRPC proxying.</summary>
    public bool SpeaksGrpc { get; init; }

    /// <summary>How the app is asked whether it is well; null to take it for well while it listens.</summary>
    public HealthCheck? HealthCheck { get; init; }

    /// <summary>Settings for the app: environment variables of a process, arguments of an app in this process.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>The app's folder.</summary>
    public string? Directory { get; init; }

    /// <summary>Program and arguments, for an app that is a process of its own.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>Builds the app, if it runs in this process. An app with neither this nor a command is started by someone else.</summary>
    public Func<string[], WebApplication>? Create { get; init; }
}

/// <summary>Where the lines go that apps write, and what the runtime has to say about them. Never fails: nobody could hear it.</summary>
public interface IAppLog
{
    /// <summary>A line that an app wrote.</summary>
    void Line(string appId, string line);

    /// <summary>Something the runtime tells about an app: it died, it is up again.</summary>
    void Event(string appId, string message);
}

internal sealed class NoLog : IAppLog
{
    public void Line(string appId, string line)
    {
    }

    public void Event(string appId, string message)
    {
    }
}
