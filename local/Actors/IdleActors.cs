using DaprShop.Local.Resiliency;

namespace DaprShop.Local.Actors;

/// <summary>
/// The actors of one type that nobody is calling, longest idle first, which is also the order in which they are to be deactivated:
/// adding and removing cost the same however many there are, and one timer serves them all.
/// </summary>
internal sealed class IdleActors : IDisposable
{
    private readonly Lock _lock = new();
    private readonly LinkedList<ActiveActor> _longestFirst = [];
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _time;
    private readonly Action<ActiveActor> _expired;
    private readonly ITimer _timer;

    /// <param name="timeout">How long an actor may be idle.</param>
    /// <param name="time">The clock.</param>
    /// <param name="expired">Told about each that has been; it is not in the list any more then.</param>
    public IdleActors(TimeSpan timeout, TimeProvider time, Action<ActiveActor> expired)
    {
        _timeout = timeout;
        _time = time;
        _expired = expired;
        _timer = time.CreateTimer(_ => Expire(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Add(ActiveActor actor)
    {
        lock (_lock)
        {
            actor.IdleUntil = _time.GetUtcNow() + _timeout;
            _longestFirst.AddLast(actor.IdleNode);
            if (_longestFirst.Count == 1) WakeIn(_timeout);
        }
    }

    public void Remove(ActiveActor actor)
    {
        lock (_lock)
        {
            if (actor.IdleNode.List is not null) _longestFirst.Remove(actor.IdleNode);
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Expire()
    {
        foreach (var actor in TakeExpired()) _expired(actor);
    }

    private List<ActiveActor> TakeExpired()
    {
        var expired = new List<ActiveActor>();
        lock (_lock)
        {
            var now = _time.GetUtcNow();
            while (_longestFirst.First is { } first)
            {
                if (first.Value.IdleUntil > now)
                {
                    WakeIn(first.Value.IdleUntil - now);
                    break;
                }
                _longestFirst.RemoveFirst();
                expired.Add(first.Value);
            }
        }
        return expired;
    }

    private void WakeIn(TimeSpan span) => _timer.Change(Pause.Reachable(span), Timeout.InfiniteTimeSpan);
}
