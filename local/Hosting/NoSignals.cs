namespace DaprShop.Local.Hosting;

/// <summary>Signals are for whoever runs this: sidecars are to outlive the apps, and apps in this process end when they are asked to.</summary>
internal sealed class NoSignals : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
