namespace DaprShop.Local.Hosting;

/// <summary>How an app comes to life: in this process, as a process of its own, or by someone else's hand.</summary>
internal static class AppStart
{
    private static readonly TimeSpan s_foreignInterval = TimeSpan.FromSeconds(1);

    public static Func<CancellationToken, Task<IRunningApp>> Of(Sidecar sidecar, AppOptions app, LocalRuntimeOptions runtime)
    {
        var settings = AppSettings.For(sidecar, app, runtime);
        if (app.Create is { } create) return cancellation => InProcessApp.StartAsync(create, AppSettings.AsArguments(settings), cancellation);
        if (app.Command.Count > 0) throw new NotSupportedException("Apps as processes of their own are not here yet.");
        return _ => Task.FromResult<IRunningApp>(new ForeignApp(sidecar.App.Address!, s_foreignInterval));
    }
}
