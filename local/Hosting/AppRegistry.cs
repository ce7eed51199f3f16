using System.Collections.Frozen;

namespace DaprShop.Local.Hosting;

/// <summary>The sidecars that calls may go to, and which of them answer for an app id right now.</summary>
public sealed class AppRegistry(IReadOnlyList<Sidecar> sidecars)
{
    private readonly Lock _lock = new();
    private volatile Table _table = new(sidecars);

    public IReadOnlyList<Sidecar> Sidecars => _table.Sidecars;

    /// <summary>Every replica of the app, healthy or not; empty for an unknown app.</summary>
    public IReadOnlyList<Sidecar> Of(string appId) => _table.Apps.TryGetValue(appId, out var replicas) ? replicas.All : [];

    public bool Knows(string appId) => _table.Apps.ContainsKey(appId);

    /// <summary>The next healthy replica of the app, in turn; null when there is none.</summary>
    public Sidecar? Next(string appId) => _table.Apps.TryGetValue(appId, out var replicas) ? replicas.NextHealthy() : null;

    /// <summary>From now on calls go there as well.</summary>
    public void Add(Sidecar sidecar) => Change(all => [.. all, sidecar]);

    /// <summary>No call goes there any more; those on their way do (<see cref="AppChannel.IdleAsync"/>).</summary>
    public void Remove(Sidecar sidecar) => Change(all => [.. all.Where(other => other != sidecar)]);

    private void Change(Func<IReadOnlyList<Sidecar>, IReadOnlyList<Sidecar>> change)
    {
        lock (_lock) _table = new Table(change(_table.Sidecars));
    }

    private sealed class Table(IReadOnlyList<Sidecar> sidecars)
    {
        public IReadOnlyList<Sidecar> Sidecars { get; } = sidecars;

        public FrozenDictionary<string, Replicas> Apps { get; } = sidecars.GroupBy(sidecar => sidecar.AppId, StringComparer.Ordinal)
            .ToFrozenDictionary(app => app.Key, app => new Replicas([.. app]), StringComparer.Ordinal);
    }

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
