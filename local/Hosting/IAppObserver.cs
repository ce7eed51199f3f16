namespace DaprShop.Local.Hosting;

/// <summary>
/// A building block that asks apps something when they start to answer (<c>/dapr/subscribe</c>, <c>/dapr/config</c>) or lets go of
/// them when they stop. Register it as a singleton of this type. Calls for one sidecar come one at a time, ready and gone in turn.
/// </summary>
public interface IAppObserver
{
    /// <summary>The app answers on its port (<see cref="AppChannel.IsHealthy"/> is true already).</summary>
    Task AppReadyAsync(Sidecar sidecar, CancellationToken cancellation);

    /// <summary>The app ceased to answer, or is being stopped.</summary>
    Task AppGoneAsync(Sidecar sidecar);
}
