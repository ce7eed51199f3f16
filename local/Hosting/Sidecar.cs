using DaprShop.Local.AppCallbacks;
using DaprShop.Local.AppHealth;
using DaprShop.Local.Configuration;
using DaprShop.Local.Invocation;
using DaprShop.Local.Secrets;

namespace DaprShop.Local.Hosting;

/// <summary>
/// One sidecar: the identity behind a pair of listening ports. Requests find theirs by the port they came in on
/// (<see cref="SidecarFeature.GetSidecar"/>); building blocks keep what they need per sidecar themselves, keyed by this object.
/// </summary>
/// <param name="appId">The app beside it.</param>
/// <param name="replica">0 for the first replica of the app.</param>
/// <param name="httpPort">Dapr HTTP API.</param>
/// <param name="grpcPort">Dapr gRPC API.</param>
/// <param name="app">The way to the app.</param>
/// <param name="components">The components in scope of this app.</param>
public sealed class Sidecar(
    string appId, int replica, int httpPort, int grpcPort, AppChannel app, IReadOnlyList<ComponentSpec> components)
{
    private volatile bool _isReady;

    public string AppId { get; } = appId;

    public int Replica { get; } = replica;

    public int HttpPort { get; } = httpPort;

    public int GrpcPort { get; } = grpcPort;

    public AppChannel App { get; } = app;

    public IReadOnlyList<ComponentSpec> Components { get; } = components;

    /// <summary>What the app is asked and told, it is over gRPC: <see cref="Callback"/>.</summary>
    public bool SpeaksGrpc { get; init; }

    /// <summary>How the app is asked whether it is well; null when it is not.</summary>
    public HealthCheck? HealthCheck { get; init; }

    /// <summary>Of an app that speaks gRPC.</summary>
    public AppCallback Callback { get; } = new(app);

    /// <summary>Who may call the app, and what of it.</summary>
    public AccessControl Access { get; init; } = AccessControl.None;

    /// <summary>Which secrets the app may have.</summary>
    public SecretScopes Secrets { get; init; } = SecretScopes.None;

    /// <summary>Cancelled when the app is asked to end: what it still asks for must not be waited for. Set by the supervisor.</summary>
    public CancellationToken AppStopping { get; set; }

    /// <summary>True once the app has answered for the first time and the building blocks know what it wants.</summary>
    public bool IsReady
    {
        get => _isReady;
        set => _isReady = value;
    }
}

public static class SidecarFeature
{
    /// <summary>The sidecar whose port the request came in on.</summary>
    public static Sidecar GetSidecar(this HttpContext context) =>
        context.Features.Get<Sidecar>() ?? throw new InvalidOperationException("No sidecar listens on this port.");
}
