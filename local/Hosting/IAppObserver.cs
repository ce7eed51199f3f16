namespace DaprShop.Local.Hosting;

/// <summary>
/// A building block that asks apps something when they start to answer (<c>/dapr/subscribe</c>, <c>/dapr/config</c>) or lets go of
/// them when they stop. Register it as a singleton of this type. Calls for one sidecar come one at a time: ready and gone in turn, and
/// between them paused and resumed.
/// </summary>
public interface IAppObserver
{
    /// <summary>The app answers on its port (<see cref="AppChannel.IsHealthy"/> is true already).</summary>
    Task AppReadyAsync(Sidecar sidecar, CancellationToken cancellation);

    /// <summary>
    /// The app says that it is unwell, or nothing (<see cref="Sidecar.HealthCheck"/>): it is to be left alone until it is resumed, or gone.
    /// </summary>
    Task AppPausedAsync(Sidecar sidecar);

    /// <summary>The app is well again; it wants what it wanted before.</summary>
    Task AppResumedAsync(Sidecar sidecar, CancellationToken cancellation);

    /// <summary>The app ceased to answer, or is being stopped.</summary>
    Task AppGoneAsync(Sidecar sidecar);
}
