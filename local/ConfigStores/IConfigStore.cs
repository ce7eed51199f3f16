namespace DaprShop.Local.ConfigStores;

/// <summary>Hears a subscription's id and what has changed.</summary>
public delegate Task ConfigChanged(string id, IReadOnlyDictionary<string, ConfigItem> items);

/// <summary>Where items of configuration are.</summary>
public interface IConfigStore : IAsyncDisposable
{
    /// <param name="keys">None are all.</param>
    /// <exception cref="IOException">It is away.</exception>
    Task<IReadOnlyDictionary<string, ConfigItem>> GetAsync(IReadOnlyCollection<string> keys);

    /// <param name="keys">None are all.</param>
    /// <param name="changed">Hears each change by itself; of a key that is gone, an empty item.</param>
    /// <returns>The subscription's id.</returns>
    /// <exception cref="IOException">It is away.</exception>
    Task<string> SubscribeAsync(IReadOnlyCollection<string> keys, ConfigChanged changed);

    /// <summary>False when there is no such subscription.</summary>
    bool Unsubscribe(string id);
}
