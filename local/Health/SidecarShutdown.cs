using DaprShop.Local.Hosting;

namespace DaprShop.Local.Health;

/// <summary>An app's wish that its sidecar go away; whoever runs the sidecars hears of it and stops the app with it.</summary>
public sealed class SidecarShutdown
{
    public event Action<Sidecar>? Requested;

    public void Request(Sidecar sidecar) => Requested?.Invoke(sidecar);
}
