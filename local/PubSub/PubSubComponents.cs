using System.Collections.Frozen;
using DaprShop.Local.Configuration;
using DaprShop.Local.Hosting;
using DaprShop.Local.Redis;
using DaprShop.Local.Resiliency;

namespace DaprShop.Local.PubSub;

/// <summary>
/// A pub/sub component as one app sees it. The embedded broker stands in for all types, but for <c>pubsub.redis</c> with <c>--redis</c>.
/// </summary>
/// <param name="Name">Of the component.</param>
/// <param name="Broker">Where the messages are.</param>
/// <param name="Scopes">What the app may do with it.</param>
/// <param name="Consumer">The name of the app's queues: <c>consumerID</c>, else the app id.</param>
/// <param name="Concurrency">Deliveries of one subscription at the same time.</param>
/// <param name="RedeliverInterval">When a message comes again that failed, has no dead-letter topic, and no policy to retry it.</param>
/// <param name="Policy">For what the app publishes, and what of its messages goes to dead letters; null when nothing applies.</param>
public sealed record PubSubComponent(
    string Name, IBroker Broker, TopicScopes Scopes, string Consumer, int Concurrency, TimeSpan RedeliverInterval, OutboundPolicy? Policy);

/// <summary>The pub/sub components of every app, by name.</summary>
public sealed class PubSubComponents : IAsyncDisposable
{
    private const string RedisType = "pubsub.redis";
    private const string LifeFile = "redis-consumer";
    private const int DefaultConcurrency = 32;

    /// <summary>That of <c>pubsub.redis</c>.</summary>
    private static readonly TimeSpan DefaultRedeliverInterval = TimeSpan.FromSeconds(15);

    private readonly FrozenDictionary<string, FrozenDictionary<string, PubSubComponent>> _components;
    private readonly Dictionary<string, RedisBroker> _redisBrokers = new(StringComparer.Ordinal);
    private readonly Broker _embedded;
    private readonly RedisServers _redis;
    private readonly DataDirectory _data;
    private readonly ResiliencyPolicies _resiliency;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    /// <exception cref="ConfigurationError">A setting is wrong, or Redis does not answer.</exception>
    public PubSubComponents(
        AppRegistry apps, Broker embedded, RedisServers redis, DataDirectory data, ResiliencyPolicies resiliency, TimeProvider time,
        ILogger<PubSubComponents> logger)
    {
        (_embedded, _redis, _data, _resiliency, _time, _logger) = (embedded, redis, data, resiliency, time, logger);
        _components = apps.Sidecars.DistinctBy(sidecar => sidecar.AppId).ToFrozenDictionary(
            sidecar => sidecar.AppId,
            sidecar => sidecar.Components
                .Where(spec => spec.Type.StartsWith("pubsub.", StringComparison.Ordinal))
                .ToFrozenDictionary(spec => spec.Name, spec => Create(spec, sidecar.AppId), StringComparer.Ordinal));
    }

    public PubSubComponent? Find(Sidecar sidecar, string name) => _components[sidecar.AppId].GetValueOrDefault(name);

    /// <summary>How much waits in each queue of each component.</summary>
    public async Task<IReadOnlyList<QueueDepth>> DepthsAsync() =>
        [.. (await Task.WhenAll(_redisBrokers.Values.Append<IBroker>(_embedded).Select(broker => broker.DepthsAsync()))).SelectMany(depths => depths)];

    public async ValueTask DisposeAsync()
    {
        foreach (var broker in _redisBrokers.Values) await broker.DisposeAsync();
    }

    private PubSubComponent Create(ComponentSpec spec, string appId)
    {
        var settings = new ComponentSettings(spec);
        var scopes = new TopicScopes(settings, appId);
        var consumer = settings.Text("consumerID") ?? appId;
        var policy = _resiliency.For(appId).Outbound(spec.Name, ComponentKind.Pubsub);
        if (spec.Type == RedisType)
        {
            var streams = RedisStreamSettings.Of(settings);
            IBroker broker = _redis.IsGiven ? RedisBroker(spec.Name, settings, streams) : _embedded;
            return new PubSubComponent(
                spec.Name, broker, scopes, consumer, streams.Concurrency, OrDefault(streams.RedeliverInterval), policy);
        }

        var concurrency = settings.Number("concurrency") ?? DefaultConcurrency;
        return new PubSubComponent(
            spec.Name, _embedded, scopes, consumer,
            concurrency > 0 ? concurrency : DefaultConcurrency,
            OrDefault(settings.Duration("redeliverInterval")), policy);
    }

    private RedisBroker RedisBroker(string component, ComponentSettings settings, RedisStreamSettings streams)
    {
        if (!_redisBrokers.TryGetValue(component, out var broker))
            _redisBrokers[component] = broker = new RedisBroker(_redis.Open(settings), streams, Life(), _time, _logger);
        return broker;
    }

    /// <summary>The name of this data directory's runs among others that use the same Redis.</summary>
    private string Life()
    {
        var file = Path.Combine(_data.Path, LifeFile);
        if (!File.Exists(file))
        {
            File.WriteAllText(file + ".new", Guid.NewGuid().ToString("N")[..8]);
            File.Move(file + ".new", file);
        }

        return File.ReadAllText(file);
    }

    private static TimeSpan OrDefault(TimeSpan? interval) => interval > TimeSpan.Zero ? interval.Value : DefaultRedeliverInterval;
}
