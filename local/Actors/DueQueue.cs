using DaprShop.Local.Resiliency;

namespace DaprShop.Local.Actors;

/// <summary>Something that is due at a time.</summary>
internal abstract class DueItem
{
    private static long s_sequence;

    /// <summary>Changed only while it is in no queue.</summary>
    public DateTimeOffset DueAt { get; set; }

    /// <summary>Keeps apart what is due at the same time, in the order it was made.</summary>
    public long Sequence { get; } = Interlocked.Increment(ref s_sequence);
}

/// <summary>Items by the time they are due; one timer, set to the earliest, serves them all, and nothing is polled.</summary>
internal sealed class DueQueue<T> : IDisposable where T : DueItem
{
    private static readonly Comparer<T> s_earliestFirst = Comparer<T>.Create(static (left, right) =>
        left.DueAt.CompareTo(right.DueAt) is not 0 and var order ? order : left.Sequence.CompareTo(right.Sequence));

    private readonly Lock _lock = new();
    private readonly SortedSet<T> _items = new(s_earliestFirst);
    private readonly TimeProvider _time;
    private readonly Action<T> _due;
    private readonly ITimer _timer;
    private DateTimeOffset _wakesAt = DateTimeOffset.MaxValue;

    /// <param name="time">The clock.</param>
    /// <param name="due">Told about each item when it is due; it is in the queue no more then.</param>
    public DueQueue(TimeProvider time, Action<T> due)
    {
        _time = time;
        _due = due;
        _timer = time.CreateTimer(_ => Tell(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Add(T item)
    {
        lock (_lock)
        {
            _items.Add(item);
            if (item.DueAt < _wakesAt) WakeAt(item.DueAt);
        }
    }

    /// <summary>No harm if it is not there.</summary>
    public void Remove(T item)
    {
        lock (_lock) _items.Remove(item);
    }

    public void Dispose() => _timer.Dispose();

    private void Tell()
    {
        foreach (var item in TakeDue()) _due(item);
    }

    private List<T> TakeDue()
    {
        var due = new List<T>();
        lock (_lock)
        {
            var now = _time.GetUtcNow();
            while (_items.Min is { } first && first.DueAt <= now)
            {
                _items.Remove(first);
                due.Add(first);
            }
            _wakesAt = DateTimeOffset.MaxValue;
            if (_items.Min is { } next) WakeAt(next.DueAt);
        }
        return due;
    }

    private void WakeAt(DateTimeOffset at)
    {
        _wakesAt = at;
        _timer.Change(Pause.Reachable(at - _time.GetUtcNow()), Timeout.InfiniteTimeSpan);
    }
}
