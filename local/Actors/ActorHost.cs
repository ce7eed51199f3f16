using System.Collections.Concurrent;
using System.Collections.Frozen;
using DaprShop.Local.Hosting;

namespace DaprShop.Local.Actors;

/// <summary>One replica of an app that hosts actors, and the actors that are active in it.</summary>
internal sealed class ActorHost : IDisposable
{
    private static readonly ParallelOptions s_draining = new() { MaxDegreeOfParallelism = 64 };

    private readonly ConcurrentDictionary<ActorRef, ActiveActor> _active = new();
    private readonly FrozenDictionary<string, IdleActors> _idle;
    private readonly ActorApp _app;
    private readonly TimeProvider _time;

    public ActorHost(Sidecar sidecar, FrozenDictionary<string, ActorType> types, ActorApp app, TimeProvider time)
    {
        Sidecar = sidecar;
        Types = types;
        _app = app;
        _time = time;
        _idle = types.Values.ToFrozenDictionary(
            type => type.Name,
            type => new IdleActors(type.IdleTimeout, time, actor => _ = DeactivateIdleAsync(actor)),
            StringComparer.Ordinal);
    }

    public Sidecar Sidecar { get; }

    public FrozenDictionary<string, ActorType> Types { get; }

    /// <summary>How many actors of the type are active.</summary>
    public int CountOf(string type) => _active.Keys.Count(actor => actor.Type == type);

    public bool IsActive(ActorRef actor) => _active.ContainsKey(actor);

    /// <summary>The actor, made active if it is not. Enter it, and begin again if it says that it has been closed.</summary>
    public ActiveActor Get(ActorRef actor) => _active.TryGetValue(actor, out var active)
        ? active
        : _active.GetOrAdd(actor, static (actor, self) => new ActiveActor(actor, self.Types[actor.Type], self._idle[actor.Type]), this);

    /// <summary>Lets running calls of these actors end, for as long from now on as their type allows, and deactivates them.</summary>
    /// <param name="which">The actors that must go.</param>
    /// <param name="tellApp">False when the app is not there any more.</param>
    public async Task DrainAsync(Func<ActorRef, bool> which, bool tellApp)
    {
        var deadlines = Types.Values.ToDictionary(type => type, type => new CancellationTokenSource(type.DrainTimeout, _time));
        try
        {
            await Parallel.ForEachAsync(
                _active.Values.Where(active => which(active.Actor)), s_draining,
                async (active, _) => await DrainAsync(active, tellApp, deadlines[active.Type].Token));
        }
        finally
        {
            foreach (var deadline in deadlines.Values) deadline.Dispose();
        }
    }

    public void Dispose()
    {
        foreach (var idle in _idle.Values) idle.Dispose();
    }

    private async Task DrainAsync(ActiveActor active, bool tellApp, CancellationToken deadline)
    {
        try
        {
            if (!active.TryEnter() && !await active.EnterAsync(flow: null, deadline)) return;
            await EndAsync(active, tellApp);
        }
        catch (OperationCanceledException)
        {
            Forget(active);
        }
    }

    private Task DeactivateIdleAsync(ActiveActor active) => active.TryEnter() ? EndAsync(active, tellApp: true) : Task.CompletedTask;

    /// <summary>Deactivates an actor whose turn is ours. Calls that come meanwhile wait, and then find it gone.</summary>
    private async Task EndAsync(ActiveActor active, bool tellApp)
    {
        try
        {
            if (tellApp) await _app.DeactivateAsync(Sidecar, active.Actor);
        }
        finally
        {
            Forget(active);
        }
    }

    private void Forget(ActiveActor active)
    {
        _active.TryRemove(KeyValuePair.Create(active.Actor, active));
        active.Close();
    }
}
