using DaprShop.Common;

namespace DaprShop.Members;

/// <summary>
/// What the service needs before it can answer: the signing keys and the staff account. Fetched in the background, since the sidecar may
/// come up later than the service, and the keys again and again afterwards.
/// </summary>
public sealed class Startup(SigningKeys keys, StaffAccount staff, TimeProvider time, ILogger<Startup> logger) : BackgroundService
{
    private static readonly TimeSpan s_keysAge = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_retry = TimeSpan.FromMilliseconds(200);
    private static readonly PathString[] s_waiting = ["/api", "/internal", "/.well-known"];

    private volatile bool _ready;

    public bool IsReady => _ready;

    /// <summary>503 for everything that has to wait.</summary>
    public Task WhenReady(HttpContext context, RequestDelegate next) =>
        _ready || !Array.Exists(s_waiting, path => context.Request.Path.StartsWithSegments(path))
            ? next(context)
            : Problem.Unavailable("The members service is starting; try again.").ExecuteAsync(context);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await UntilItWorksAsync(keys.RefreshAsync, stoppingToken);
        await UntilItWorksAsync(staff.EnsureAsync, stoppingToken);
        _ready = true;
        logger.LogInformation("Ready");
        while (true)
        {
            await Task.Delay(s_keysAge, time, stoppingToken);
            await UntilItWorksAsync(keys.RefreshAsync, stoppingToken);
        }
    }

    private async Task UntilItWorksAsync(Func<CancellationToken, Task> work, CancellationToken cancellation)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await work(cancellation);
                return;
            }
            catch (Exception error) when (!cancellation.IsCancellationRequested)
            {
                if (tries % 50 == 0) logger.LogWarning("Still waiting for the state store: {Reason}", error.Message);
            }
            await Task.Delay(s_retry, cancellation);
        }
    }
}
