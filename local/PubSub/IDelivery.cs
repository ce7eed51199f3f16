namespace DaprShop.Local.PubSub;

/// <summary>The last stretch of a message's way, from the sidecar into the app: over HTTP, over gRPC, or down a stream of the app's.</summary>
internal interface IDelivery
{
    /// <summary>False when the app takes nothing now.</summary>
    bool IsOpen { get; }

    /// <summary>Delivers a message; an exception says that the app failed, or did not answer.</summary>
    /// <param name="route">Where in the app.</param>
    /// <param name="message">The message.</param>
    /// <param name="data">It, as the subscription wants it.</param>
    Task<Outcome> DeliverAsync(Route route, BrokerMessage message, ReadOnlyMemory<byte> data);

    /// <summary>Delivers many at once.</summary>
    /// <returns>What became of each; of one that is not among them, the app did not say.</returns>
    Task<IReadOnlyDictionary<string, Outcome>> DeliverAsync(Route route, IReadOnlyList<BulkEntry> entries);
}
