namespace DaprShop.Local.Gateway;

/// <summary>
/// The shop's one door: takes requests on one port and passes those on public routes to the services, by the rules in services/gateway.
/// It starts before any service does and answers 503 until one comes. Disposing it closes the port and leaves no process.
/// </summary>
public interface IGateway : IAsyncDisposable
{
    /// <summary>What to call it in messages: <c>nginx</c> or <c>built-in</c>.</summary>
    string Name { get; }

    /// <summary>Returns once the port answers.</summary>
    /// <exception cref="Configuration.ConfigurationError">The port is taken, or the rules are broken.</exception>
    Task StartAsync(CancellationToken cancellation);

    /// <summary>The replicas are these from now on. Ends when those that are no longer among them get no more requests.</summary>
    /// <param name="services">App id → the addresses of its replicas.</param>
    Task FollowAsync(IReadOnlyDictionary<string, IReadOnlyList<Uri>> services);
}

/// <summary>What a gateway needs to know.</summary>
/// <param name="Port">Where it listens, on the loopback addresses.</param>
/// <param name="Services">App id → the addresses of its replicas at first; see <see cref="IGateway.FollowAsync"/>.</param>
/// <param name="RulesPath">The directory of the rules, services/gateway.</param>
/// <param name="DataPath">A directory of its own for what it must write.</param>
/// <param name="Limits">Requests allowed per client address.</param>
public sealed record GatewaySettings(
    int Port, IReadOnlyDictionary<string, IReadOnlyList<Uri>> Services, string RulesPath, string DataPath, GatewayLimits Limits);

/// <summary>
/// Requests allowed per client address, by the classes of limits.map; a burst is what may come at once on top of the rate.
/// The defaults are for development: they let a load test from one address through everywhere but at sign-in and sign-up.
/// </summary>
public sealed record GatewayLimits
{
    public int StrictPerMinute { get; init; } = 300;

    public int StrictBurst { get; init; } = 200;

    public int GenerousPerSecond { get; init; } = 50_000;

    public int GenerousBurst { get; init; } = 20_000;

    /// <summary>Requests at once, of all classes: an event stream or a web socket counts for as long as it lasts.</summary>
    public int Simultaneous { get; init; } = 1_000;

    /// <summary>From the section <c>Shop:Limits</c>, e.g. the environment variable <c>Shop__Limits__StrictPerMinute</c>.</summary>
    public static GatewayLimits From(IConfiguration configuration) =>
        configuration.GetSection("Shop:Limits").Get<GatewayLimits>() ?? new GatewayLimits();
}
