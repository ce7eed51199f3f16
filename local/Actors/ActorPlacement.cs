using System.Collections.Concurrent;
using System.Collections.Frozen;
using DaprShop.Local.Hosting;

namespace DaprShop.Local.Actors;

/// <summary>
/// Which replica an actor lives in: the one that its type and id hash highest with (rendezvous hashing), among those whose app has
/// registered the type. When replicas come or go, calls of the actors that move wait until these have been drained where they were.
/// </summary>
internal sealed class ActorPlacement(ActorApp app, TimeProvider time, ILogger<ActorPlacement> logger) : IAppObserver, IDisposable
{
    private readonly SemaphoreSlim _change = new(1, 1);
    private readonly ConcurrentDictionary<Sidecar, Registration> _registrations = new();
    private readonly ConcurrentDictionary<Sidecar, FrozenDictionary<string, ActorType>> _paused = new();
    private volatile Table _table = new([]);
    private volatile Move? _move;

    /// <summary>After an app has registered its types.</summary>
    public event Action? HostsArrived;

    /// <summary>After a replica has gone for good; not while it is only unwell.</summary>
    public event Action<Sidecar>? HostGone;

    /// <summary>Where the actor lives; null when no app hosts its type now. Waits while it moves.</summary>
    public async ValueTask<ActorHost?> FindAsync(ActorRef actor)
    {
        while (_move is { } move && _table.Find(actor) != move.To.Find(actor)) await move.Done;
        return _table.Find(actor);
    }

    /// <summary>True while the actor lives there and is not about to move.</summary>
    public bool IsAt(ActorRef actor, ActorHost host) =>
        _table.Find(actor) == host && (_move is not { } move || move.To.Find(actor) == host);

    /// <summary>What the sidecar's own app hosts; null before it has said so.</summary>
    public ActorHost? HostOf(Sidecar sidecar) => _table.Hosts.FirstOrDefault(host => host.Sidecar == sidecar);

    /// <summary>True once the app has said what it hosts, and while it is well.</summary>
    public bool HasHeard(Sidecar sidecar) => _registrations.TryGetValue(sidecar, out var registration) && registration.Task.IsCompleted;

    /// <summary>What the sidecar's own app hosts; waits until the app has said so.</summary>
    public async ValueTask<ActorHost?> OfAsync(Sidecar sidecar, CancellationToken cancellation)
    {
        var registration = _registrations.GetOrAdd(sidecar, _ => new Registration());
        return await registration.Task.WaitAsync(cancellation);
    }

    public async Task AppReadyAsync(Sidecar sidecar, CancellationToken cancellation)
    {
        var types = await AskAsync(sidecar, cancellation);
        if (types.Count > 0) logger.LogInformation("{AppId} hosts actors {ActorTypes}", sidecar.AppId, string.Join(", ", types.Keys));
        await ArriveAsync(sidecar, types);
    }

    public async Task AppPausedAsync(Sidecar sidecar)
    {
        if (HostOf(sidecar) is { } host && await LeaveAsync(sidecar)) _paused[sidecar] = host.Types;
    }

    public Task AppResumedAsync(Sidecar sidecar, CancellationToken cancellation) =>
        _paused.TryRemove(sidecar, out var types) ? ArriveAsync(sidecar, types) : Task.CompletedTask;

    public async Task AppGoneAsync(Sidecar sidecar)
    {
        if (_paused.TryRemove(sidecar, out _) || await LeaveAsync(sidecar)) HostGone?.Invoke(sidecar);
    }

    public void Dispose()
    {
        foreach (var host in _table.Hosts) host.Dispose();
        _change.Dispose();
    }

    private async Task ArriveAsync(Sidecar sidecar, FrozenDictionary<string, ActorType> types)
    {
        var host = new ActorHost(sidecar, types, app, time);
        if (types.Count > 0) await ChangeAsync(hosts => [.. hosts, host], tellApp: true);
        _registrations.GetOrAdd(sidecar, _ => new Registration()).TrySetResult(host);
        HostsArrived?.Invoke();
    }

    /// <summary>False when it was not there.</summary>
    private async Task<bool> LeaveAsync(Sidecar sidecar)
    {
        if (!_registrations.TryGetValue(sidecar, out var registration) || !registration.Task.IsCompletedSuccessfully) return false;
        using var host = await registration.Task;
        await ChangeAsync(hosts => [.. hosts.Where(other => other != host)], tellApp: false);
        _registrations.TryRemove(KeyValuePair.Create(sidecar, registration));
        return true;
    }

    private async Task ChangeAsync(Func<IReadOnlyList<ActorHost>, IReadOnlyList<ActorHost>> change, bool tellApp)
    {
        await _change.WaitAsync();
        try
        {
            var before = _table;
            var move = new Move(new Table(change(before.Hosts)));
            _move = move;
            await Task.WhenAll(before.Hosts.Select(host => host.DrainAsync(actor => move.To.Find(actor) != host, tellApp)));
            _table = move.To;
            _move = null;
            move.End();
        }
        finally
        {
            _change.Release();
        }
    }

    /// <summary>Whatever goes wrong while the app is there, is an answer too: there are those who wait for one.</summary>
    private async Task<FrozenDictionary<string, ActorType>> AskAsync(Sidecar sidecar, CancellationToken cancellation)
    {
        try
        {
            return ActorTypes.Parse(await ActorApp.ConfigAsync(sidecar, cancellation));
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            logger.LogWarning("{AppId} does not say which actors it hosts: {Error}", sidecar.AppId, error.Message);
            return ActorTypes.None;
        }
    }

    private sealed class Registration() : TaskCompletionSource<ActorHost?>(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Move(Table to)
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Table To { get; } = to;

        public Task Done => _done.Task;

        public void End() => _done.SetResult();
    }

    private sealed class Table(IReadOnlyList<ActorHost> hosts)
    {
        private readonly FrozenDictionary<string, ActorHost[]> _byType = hosts
            .SelectMany(host => host.Types.Keys.Select(type => (Type: type, Host: host)))
            .GroupBy(pair => pair.Type, pair => pair.Host, StringComparer.Ordinal)
            .ToFrozenDictionary(type => type.Key, type => type.ToArray(), StringComparer.Ordinal);

        public IReadOnlyList<ActorHost> Hosts { get; } = hosts;

        public ActorHost? Find(ActorRef actor)
        {
            if (!_byType.TryGetValue(actor.Type, out var candidates)) return null;
            return candidates.Length == 1
                ? candidates[0]
                : candidates.MaxBy(host => HashCode.Combine(actor, host.Sidecar.AppId, host.Sidecar.Replica));
        }
    }
}
