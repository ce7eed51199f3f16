using DaprShop.Local.Configuration;

namespace DaprShop.Local.PubSub;

/// <summary>A replica of an app that takes messages of a queue. Deliveries settle their messages and never throw.</summary>
public interface IConsumer
{
    /// <summary>Deliveries at the same time.</summary>
    int Concurrency { get; }

    /// <summary>Set when it takes messages in bulk.</summary>
    BulkSubscribe? Bulk { get; }

    Task DeliverAsync(MessageQueue queue, BrokerMessage message);

    Task DeliverAsync(MessageQueue queue, IReadOnlyList<BrokerMessage> messages);
}
