using DaprShop.Local.AppHealth;
using DaprShop.Local.Configuration;

namespace DaprShop.Local.Hosting;

/// <summary>
/// One life of an app as its sidecar sees it: the building blocks hear, one thing after the other, that it is ready, unwell, well
/// again, gone. An app that is not asked how it is, is well as long as it listens.
/// </summary>
/// <param name="sidecar">Beside it.</param>
/// <param name="observers">Who hears.</param>
/// <param name="ready">Called once all of them know what it wants.</param>
/// <param name="log">For people.</param>
/// <param name="logger">For what goes wrong in a building block.</param>
internal sealed class AppPresence(
    Sidecar sidecar, IReadOnlyList<IAppObserver> observers, Action ready, IAppLog log, ILogger logger) : IDisposable
{
    private readonly CancellationTokenSource _end = new();
    private Task _told = Task.CompletedTask;
    private Task _watching = Task.CompletedTask;
    private bool _isKnown;

    /// <summary>The app listens.</summary>
    public void Begin()
    {
        sidecar.App.IsListening = true;
        if (sidecar.HealthCheck is not { } check) Become(isWell: true);
        else _watching = new HealthWatch(sidecar, check, TimeProvider.System).RunAsync(Decided, _end.Token);
    }

    /// <summary>The app listens no more, or must not be called any more. Ends when all have heard.</summary>
    public async Task EndAsync()
    {
        sidecar.App.IsListening = false;
        await _end.CancelAsync();
        await _watching;
        await _told;
        sidecar.App.IsWell = false;
        if (_isKnown) await TellAsync(observer => observer.AppGoneAsync(sidecar));
    }

    public void Dispose() => _end.Dispose();

    private void Decided(string? failure)
    {
        if (failure is not null) log.Event(sidecar.AppId, $"unhealthy, gets no calls and no messages: {failure}");
        else if (sidecar.IsReady) log.Event(sidecar.AppId, "healthy again");
        Become(failure is null);
    }

    private void Become(bool isWell)
    {
        sidecar.App.IsWell = isWell;
        _told = TellAfterAsync(_told, isWell);
    }

    private async Task TellAfterAsync(Task before, bool isWell)
    {
        await before;
        if (_isKnown && isWell) await TellAsync(observer => observer.AppResumedAsync(sidecar, _end.Token));
        else if (_isKnown) await TellAsync(observer => observer.AppPausedAsync(sidecar));
        else if (isWell)
        {
            _isKnown = true;
            await TellAsync(observer => observer.AppReadyAsync(sidecar, _end.Token));
            ready();
        }
    }

    private Task TellAsync(Func<IAppObserver, Task> tell) => Task.WhenAll(observers.Select(observer => GuardedAsync(() => tell(observer))));

    /// <summary>What one building block cannot do for an app must not keep the others from it.</summary>
    private async Task GuardedAsync(Func<Task> tell)
    {
        try
        {
            await tell();
        }
        catch (OperationCanceledException)
        {
            // The app is gone, or being stopped.
        }
        catch (ConfigurationError error)
        {
            log.Event(sidecar.AppId, error.Message);
        }
        catch (Exception error)
        {
            logger.LogError(error, "Sidecar of {AppId}", sidecar.AppId);
        }
    }
}
