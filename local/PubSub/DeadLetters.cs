using System.Collections.Concurrent;

namespace DaprShop.Local.PubSub;

/// <summary>How many messages went to dead-letter topics since the runtime was started.</summary>
public sealed class DeadLetters
{
    private readonly ConcurrentDictionary<(string PubSub, string Topic), long> _counts = new();

    public long CountOf(string pubsub, string topic) => _counts.GetValueOrDefault((pubsub, topic));

    internal void Add(string pubsub, string topic) => _counts.AddOrUpdate((pubsub, topic), 1, (_, count) => count + 1);
}
