namespace DaprShop.Local.Hosting;

/// <summary>How an app comes to life: in this process, as a process of its own, or by someone else's hand.</summary>
internal static class AppStart
{
    private static readonly TimeSpan s_foreignInterval = TimeSpan.FromSeconds(1);

    public static Func<CancellationToken, Task<IRunningApp>> Of(
        Sidecar sidecar, AppOptions app, LocalRuntimeOptions runtime, AppRegistry apps, ProcessRecord processes)
    {
        var settings = AppSettings.For(sidecar, app, runtime, apps);
        return app switch
        {
            { Create: { } create } => cancellation => InProcessApp.StartAsync(create, AppSettings.AsArguments(settings), cancellation),
            { Command.Count: > 0 } => _ => Task.FromResult(ProcessApp.Start(app, settings, processes, runtime.Log)),
            _ => _ => Task.FromResult<IRunningApp>(new ForeignApp(sidecar.App.Address!, s_foreignInterval)),
        };
    }
}
