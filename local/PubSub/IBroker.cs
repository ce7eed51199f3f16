namespace DaprShop.Local.PubSub;

/// <summary>Where a pub/sub component keeps its messages.</summary>
public interface IBroker
{
    /// <summary>False when a message of the topic would be kept for nobody.</summary>
    bool Keeps(string pubsub, string topic);

    /// <summary>Completes when the envelopes are kept for everyone who subscribed, all or none.</summary>
    /// <exception cref="IOException">They may not be kept.</exception>
    Task PublishAsync(string pubsub, string topic, params IReadOnlyList<Envelope> envelopes);

    /// <summary>The queue of an app, which is made when it is not there yet.</summary>
    Task<MessageQueue> QueueAsync(string pubsub, string topic, string app);

    /// <summary>How much waits in each queue; of a broker that is away, nothing is known.</summary>
    Task<IReadOnlyList<QueueDepth>> DepthsAsync();
}
