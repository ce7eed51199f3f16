namespace DaprShop.Bench.Sidecars;

/// <summary>Sidecars to be measured, with the apps beside them: the first calls, the second is called.</summary>
internal abstract class SidecarSide : IAsyncDisposable
{
    private readonly bool _withRedis;

    /// <param name="name">For the report.</param>
    /// <param name="sidecars">How many sidecars the processes are.</param>
    /// <param name="withRedis">Whether they get a Redis of their own.</param>
    protected SidecarSide(string name, int sidecars, bool withRedis)
    {
        (Name, _withRedis) = (name, withRedis);
        Folder = Directory.CreateTempSubdirectory($"bench-{name}-").FullName;
        AppPorts = [.. Enumerable.Range(0, sidecars).Select(_ => BenchProcesses.FreePort())];
        HttpPorts = [.. Enumerable.Range(0, sidecars).Select(_ => BenchProcesses.FreePort())];
        Processes = new BenchProcesses(Folder);
        App = new SidecarApp(AppPorts);
    }

    public string Name { get; }

    public int Sidecars => HttpPorts.Count;

    /// <summary>The HTTP API of the sidecar that calls.</summary>
    public Uri Caller => new($"http://127.0.0.1:{HttpPorts[0]}");

    /// <summary>The app that is called, without a sidecar before it.</summary>
    public Uri CalleeApp => new($"http://127.0.0.1:{AppPorts[1]}");

    public SidecarApp App { get; }

    /// <summary>What they cannot do without (placement, scheduler) counts, Redis does not.</summary>
    public BenchProcesses Processes { get; }

    protected string Folder { get; }

    protected string Components => Path.Combine(Folder, "components");

    protected IReadOnlyList<int> AppPorts { get; }

    protected IReadOnlyList<int> HttpPorts { get; }

    /// <summary>Ends when every sidecar is healthy.</summary>
    public async Task StartAsync(CancellationToken cancellation)
    {
        var redis = _withRedis ? $"127.0.0.1:{Processes.StartRedis()}" : null;
        Sides.WriteComponents(Components, redis);
        await App.StartAsync(cancellation);
        await LaunchAsync(redis, cancellation);
        await Processes.HealthyAsync(HttpPorts, cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        await Processes.DisposeAsync();
        await App.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>Starts the processes; components and apps are there.</summary>
    /// <param name="redis">Host and port; null for none.</param>
    /// <param name="cancellation">Of the run.</param>
    protected abstract Task LaunchAsync(string? redis, CancellationToken cancellation);
}

/// <summary>What both sides are given.</summary>
internal static class Sides
{
    public const string Caller = "bench-caller";
    public const string Callee = "bench-callee";

    /// <summary>The same components for both: SQLite files, and Redis or memory for the events.</summary>
    /// <param name="folder">Where the files go.</param>
    /// <param name="redis">Host and port; null for none.</param>
    public static void WriteComponents(string folder, string? redis)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "store.yaml"), $$"""
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: { name: store }
            spec:
              type: state.sqlite
              version: v1
              metadata:
                - { name: connectionString, value: "{{Path.Combine(Path.GetDirectoryName(folder)!, "store.db")}}" }
                - { name: actorStateStore, value: "true" }
            """);
        File.WriteAllText(Path.Combine(folder, "pubsub.yaml"), $$"""
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: { name: pubsub }
            spec:
              type: {{(redis is null ? "pubsub.in-memory" : "pubsub.redis")}}
              version: v1
              metadata: [{ name: redisHost, value: "{{redis}}" }]
            """);
        if (redis is null) return;
        File.WriteAllText(Path.Combine(folder, "redis.yaml"), $$"""
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: { name: redis }
            spec:
              type: state.redis
              version: v1
              metadata: [{ name: redisHost, value: "{{redis}}" }]
            """);
    }
}
