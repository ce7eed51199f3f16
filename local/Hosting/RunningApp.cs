namespace DaprShop.Local.Hosting;

/// <summary>One life of an app, from start to end.</summary>
internal interface IRunningApp : IAsyncDisposable
{
    /// <summary>Ends when the app does, with the reason in a few words.</summary>
    Task<string> Ended { get; }

    /// <summary>Asks the app to end, and sees to it that it does.</summary>
    /// <param name="patience">How long it may finish what it is at.</param>
    Task StopAsync(TimeSpan patience);

    /// <summary>Ends the app's process at once, if it has one of its own.</summary>
    void Kill();
}

/// <summary>An app in this process.</summary>
internal sealed class InProcessApp : IRunningApp
{
    private readonly WebApplication _app;

    private InProcessApp(WebApplication app)
    {
        _app = app;
        Ended = EndedAsync();
    }

    public Task<string> Ended { get; }

    public static async Task<IRunningApp> StartAsync(
        Func<string[], WebApplication> create, string[] arguments, CancellationToken cancellation)
    {
        var app = create(arguments);
        try
        {
            await app.StartAsync(cancellation);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
        return new InProcessApp(app);
    }

    public async Task StopAsync(TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        await _app.StopAsync(limit.Token);
    }

    public void Kill()
    {
        // The process is the runtime's as well.
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task<string> EndedAsync()
    {
        await _app.WaitForShutdownAsync();
        return "it stopped";
    }
}

/// <summary>An app that someone else starts: under a debugger, or by hand.</summary>
internal sealed class ForeignApp(Uri address, TimeSpan interval) : IRunningApp
{
    private readonly CancellationTokenSource _stopped = new();
    private Task<string>? _ended;

    public Task<string> Ended => _ended ??= EndedAsync();

    public Task StopAsync(TimeSpan patience) => _stopped.CancelAsync();

    public void Kill()
    {
        // Whose it is, is not known.
    }

    public ValueTask DisposeAsync()
    {
        _stopped.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<string> EndedAsync()
    {
        using var timer = new PeriodicTimer(interval);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopped.Token))
                if (!await AppPort.AnswersAsync(address)) return "its port is closed";
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
        return "it stopped";
    }
}
