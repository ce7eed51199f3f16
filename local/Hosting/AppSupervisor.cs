namespace DaprShop.Local.Hosting;

/// <summary>
/// Keeps one app running: starts it, tells the building blocks when it answers and when it ceases to, and starts it again, after a
/// pause that doubles, when it dies.
/// </summary>
internal sealed class AppSupervisor(
    Sidecar sidecar, Func<CancellationToken, Task<IRunningApp>> start, IReadOnlyList<IAppObserver> observers, IAppLog log, ILogger logger)
    : IAsyncDisposable
{
    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_benefitOfDoubt = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_stopPatience = TimeSpan.FromSeconds(5);

    /// <summary>Who has served for so long is started again at once; who dies sooner may be dying of its start.</summary>
    private static readonly TimeSpan s_goodRun = TimeSpan.FromSeconds(10);

    /// <summary>Longer than any of the shop's calls may take.</summary>
    private static readonly TimeSpan s_drainPatience = TimeSpan.FromSeconds(20);

    private CancellationTokenSource _stop = new();
    private TaskCompletionSource _ready = NewReady();
    private Task _life = Task.CompletedTask;
    private volatile IRunningApp? _running;
    private volatile bool _draining;
    private volatile bool _wasKilled;

    public Sidecar Sidecar { get; } = sidecar;

    /// <summary>Starts the app and keeps it running; returns at once.</summary>
    public void Start()
    {
        _stop = new CancellationTokenSource();
        _draining = false;
        _ready = NewReady();
        Sidecar.AppStopping = _stop.Token;
        _life = KeepRunningAsync(_stop.Token);
    }

    /// <summary>Ends when the app answers and every building block has heard; fails with what went wrong at its first start.</summary>
    public Task ReadyAsync(CancellationToken cancellation) => _ready.Task.WaitAsync(cancellation);

    /// <summary>Stops the app for good, or until the next <see cref="Start"/>.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _life;
    }

    /// <summary>Stops the app for good once it has done what it is at: calls, messages and turns end first.</summary>
    public Task DrainAsync()
    {
        _draining = true;
        return StopAsync();
    }

    /// <summary>Ends this life of the app without asking it; that speaks in no way against the next.</summary>
    public void Kill()
    {
        _wasKilled = true;
        _running?.Kill();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task KeepRunningAsync(CancellationToken stop)
    {
        var pause = s_firstPause;
        while (!stop.IsCancellationRequested)
        {
            var started = TimeProvider.System.GetTimestamp();
            var end = await LiveAsync(stop);
            // Ctrl-C reaches the apps as well, perhaps first.
            await Task.Delay(s_benefitOfDoubt, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stop.IsCancellationRequested) break;
            if (TimeProvider.System.GetElapsedTime(started) > s_goodRun || _wasKilled) pause = s_firstPause;
            _wasKilled = false;
            log.Event(Sidecar.AppId, $"{end}; starting it again in {pause.TotalSeconds:0.0} s");
            await Task.Delay(pause, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, s_longestPause.Ticks));
        }
    }

    /// <summary>One life of the app; returns how it ended.</summary>
    private async Task<string> LiveAsync(CancellationToken stop)
    {
        try
        {
            await using var app = await start(stop);
            _running = app;
            using var presence = new AppPresence(Sidecar, observers, BecomeReady, log, logger);
            if (await AnswersAsync(app, stop)) presence.Begin();
            await ((Task)app.Ended).WaitAsync(stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await presence.EndAsync();
            if (_draining) await Sidecar.App.IdleAsync(s_drainPatience);
            if (stop.IsCancellationRequested) await app.StopAsync(_draining ? s_drainPatience : s_stopPatience);
            return await app.Ended;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return "it was stopped";
        }
        catch (Exception error)
        {
            _ready.TrySetException(error);
            return $"it could not be started: {error.Message}";
        }
    }

    private async Task<bool> AnswersAsync(IRunningApp app, CancellationToken stop)
    {
        using var given = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var answers = AppPort.WaitAsync(Sidecar.App.Address!, given.Token);
        var first = await Task.WhenAny(answers, app.Ended);
        await given.CancelAsync();
        return first == answers && answers.IsCompletedSuccessfully;
    }

    private void BecomeReady()
    {
        Sidecar.IsReady = true;
        _ready.TrySetResult();
    }

    private static TaskCompletionSource NewReady() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
