using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace DaprShop.Common;

/// <summary>
/// The end of a service that has been asked to end (SIGTERM): <c>/healthz</c> is 503 at once; it serves on for <c>Shop:DrainDelay</c> (zero
/// unless set: the local runtime takes a replica out of service before it asks; in a cluster that takes a while afterwards); then Kestrel
/// takes no more connections, what is in flight is answered, and the background services end.
/// </summary>
internal sealed class Draining(IConfiguration configuration) : IHostedLifecycleService
{
    public static void Add(IServiceCollection services)
    {
        services.AddHostedService<Draining>();
        services.AddReadiness<IHostApplicationLifetime>(lifetime => !lifetime.ApplicationStopping.IsCancellationRequested);
    }

    public Task StoppingAsync(CancellationToken cancellationToken) =>
        Task.Delay(configuration.GetValue("Shop:DrainDelay", TimeSpan.Zero), cancellationToken);

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
