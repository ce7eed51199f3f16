namespace DaprShop.Local.Resiliency;

/// <summary>Things made when they are first asked for; beyond the capacity, the one that was not asked for the longest goes.</summary>
internal sealed class LeastRecentlyUsed<TKey, TValue>(int capacity, Func<TKey, TValue> create) where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, LinkedListNode<(TKey Key, TValue Value)>> _nodes = [];
    private readonly LinkedList<(TKey Key, TValue Value)> _latestFirst = new();

    public TValue Get(TKey key)
    {
        lock (_lock)
        {
            if (_nodes.TryGetValue(key, out var node)) _latestFirst.Remove(node);
            else _nodes.Add(key, node = new LinkedListNode<(TKey Key, TValue Value)>((key, create(key))));
            _latestFirst.AddFirst(node);
            if (_nodes.Count > capacity) RemoveOldest();
            return node.Value.Value;
        }
    }

    private void RemoveOldest()
    {
        _nodes.Remove(_latestFirst.Last!.Value.Key);
        _latestFirst.RemoveLast();
    }
}
