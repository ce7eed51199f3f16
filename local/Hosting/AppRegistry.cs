using System.Collections.Frozen;

namespace DaprShop.Local.Hosting;

/// <summary>All sidecars of this runtime, and which of them answer for an app id right now.</summary>
public sealed class AppRegistry
{
    private readonly FrozenDictionary<string, Replicas> _apps;

    public AppRegistry(IReadOnlyList<Sidecar> sidecars)
    {
        Sidecars = sidecars;
        _apps = sidecars.GroupBy(sidecar => sidecar.AppId, StringComparer.Ordinal)
            .ToFrozenDictionary(app => app.Key, app => new Replicas([.. app]), StringComparer.Ordinal);
    }

    public IReadOnlyList<Sidecar> Sidecars { get; }

    /// <summary>Every replica of the app, healthy or not; empty for an unknown app.</summary>
    public IReadOnlyList<Sidecar> Of(string appId) => _apps.TryGetValue(appId, out var replicas) ? replicas.All : [];

    public bool Knows(string appId) => _apps.ContainsKey(appId);

    /// <summary>The next healthy replica of the app, in turn; null when there is none.</summary>
    public Sidecar? Next(string appId) => _apps.TryGetValue(appId, out var replicas) ? replicas.NextHealthy() : null;

    private sealed class Replicas(Sidecar[] all)
    {
        private uint _turn;

        public Sidecar[] All { get; } = all;

        public Sidecar? NextHealthy()
        {
            var first = All.Length == 1 ? 0 : Interlocked.Increment(ref _turn);
            for (var i = 0u; i < All.Length; i++)
                if (All[(first + i) % All.Length] is { App.IsHealthy: true } healthy) return healthy;
            return null;
        }
    }
}
