using System.Collections.Concurrent;
using DaprShop.Local.Redis;
using StackExchange.Redis;

namespace DaprShop.Local.ConfigStores;

/// <summary>
/// <c>configuration.redis</c> as daprd's component has it (components-contrib <c>configuration/redis</c>): every key of the database is an
/// item, and changes are what Redis tells of its keys (<c>notify-keyspace-events</c>, which whoever owns the server sets).
/// </summary>
internal sealed class RedisConfig(IDatabase redis, ILogger logger) : IConfigStore
{
    private readonly ConcurrentDictionary<string, Subscription> _subscriptions = new(StringComparer.Ordinal);
    private readonly string _channel = $"__keyspace@{redis.Database}__:";

    public async Task<IReadOnlyDictionary<string, ConfigItem>> GetAsync(IReadOnlyCollection<string> keys)
    {
        var wanted = keys.Count > 0 ? [.. keys.Select(key => (RedisKey)key)] : await AllKeysAsync().OrFailure();
        // A key that is no text has nothing to say; MGET takes it for one that is not there.
        var values = wanted.Length == 0 ? [] : await redis.StringGetAsync(wanted).OrFailure();
        return wanted.Zip(values).Where(pair => pair.Second.HasValue)
            .Select(pair => (Key: pair.First.ToString(), Item: ConfigItem.Parse(pair.Second.ToString())))
            .Where(pair => pair.Item.Value is { Length: > 0 })
            .DistinctBy(pair => pair.Key)
            .ToDictionary(pair => pair.Key, pair => pair.Item, StringComparer.Ordinal);
    }

    public async Task<string> SubscribeAsync(IReadOnlyCollection<string> keys, ConfigChanged changed)
    {
        var id = Guid.NewGuid().ToString();
        var teller = new Teller();
        var subscription = new Subscription(
            [], (channel, _) => teller.Tell(() => TellAsync(id, $"{channel}"[_channel.Length..], changed)));
        foreach (var name in keys.Count == 0 ? ["*"] : keys.Distinct())
        {
            var channel = name == "*" ? RedisChannel.Pattern(_channel + name) : RedisChannel.Literal(_channel + name);
            await HearAsync(channel, subscription).OrFailure();
            subscription.Channels.Add(channel);
        }
        _subscriptions[id] = subscription;
        return id;
    }

    public bool Unsubscribe(string id)
    {
        if (!_subscriptions.TryRemove(id, out var subscription)) return false;
        foreach (var channel in subscription.Channels)
            redis.Multiplexer.GetSubscriber().Unsubscribe(channel, subscription.Hear, CommandFlags.FireAndForget);
        return true;
    }

    public ValueTask DisposeAsync()
    {
        foreach (var id in _subscriptions.Keys) Unsubscribe(id);
        return ValueTask.CompletedTask;
    }

    private async Task<RedisKey[]> AllKeysAsync()
    {
        var keys = new List<RedisKey>();
        await foreach (var key in redis.Multiplexer.GetServers()[0].KeysAsync(redis.Database)) keys.Add(key);
        return [.. keys];
    }

    private async Task<bool> HearAsync(RedisChannel channel, Subscription subscription)
    {
        await redis.Multiplexer.GetSubscriber().SubscribeAsync(channel, subscription.Hear);
        return true;
    }

    private async Task TellAsync(string id, string key, ConfigChanged changed)
    {
        try
        {
            var items = await GetAsync([key]);
            if (_subscriptions.ContainsKey(id))
                await changed(id, items.Count > 0 ? items : new Dictionary<string, ConfigItem> { [key] = new(null, null) });
        }
        catch (Exception error)
        {
            logger.LogError("A subscriber could not take a change of configuration: {Reason}", error.Message);
        }
    }

    private sealed record Subscription(List<RedisChannel> Channels, Action<RedisChannel, RedisValue> Hear);
}
