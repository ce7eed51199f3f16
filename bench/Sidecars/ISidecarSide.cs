namespace DaprShop.Bench.Sidecars;

/// <summary>Sidecars to be measured, with the apps beside them.</summary>
public interface ISidecarSide : IAsyncDisposable
{
    string Name { get; }

    /// <summary>The HTTP API of the sidecar that calls.</summary>
    Uri Caller { get; }

    /// <summary>The app that is called, without a sidecar before it.</summary>
    Uri CalleeApp { get; }

    SidecarApp App { get; }

    /// <summary>How many sidecars the processes are.</summary>
    int Sidecars { get; }

    /// <summary>Ends when every sidecar is healthy.</summary>
    Task StartAsync(CancellationToken cancellation);

    /// <summary>The sidecars' processes; what they cannot do without (placement, scheduler) counts, Redis does not.</summary>
    IReadOnlyList<ProcessUse> Processes();
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
