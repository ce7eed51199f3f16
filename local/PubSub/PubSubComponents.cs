using System.Collections.Frozen;
using DaprShop.Local.Configuration;
using DaprShop.Local.Hosting;

namespace DaprShop.Local.PubSub;

/// <summary>A pub/sub component as one app sees it. Whatever its type, the embedded broker stands in for it.</summary>
/// <param name="Name">Of the component.</param>
/// <param name="Scopes">What the app may do with it.</param>
/// <param name="Consumer">The name of the app's queues: <c>consumerID</c>, else the app id.</param>
/// <param name="Concurrency">Deliveries of one subscription at the same time.</param>
/// <param name="RedeliverInterval">When a message comes again that failed, has no dead-letter topic, and no policy to retry it.</param>
public sealed record PubSubComponent(string Name, TopicScopes Scopes, string Consumer, int Concurrency, TimeSpan RedeliverInterval);

/// <summary>The pub/sub components of every app, by name.</summary>
public sealed class PubSubComponents
{
    private const int DefaultConcurrency = 32;

    /// <summary>That of <c>pubsub.redis</c>.</summary>
    private static readonly TimeSpan DefaultRedeliverInterval = TimeSpan.FromSeconds(15);

    private readonly FrozenDictionary<string, FrozenDictionary<string, PubSubComponent>> _components;

    /// <exception cref="ConfigurationError">A setting is wrong.</exception>
    public PubSubComponents(AppRegistry apps) => _components = apps.Sidecars.DistinctBy(sidecar => sidecar.AppId).ToFrozenDictionary(
        sidecar => sidecar.AppId,
        sidecar => sidecar.Components
            .Where(spec => spec.Type.StartsWith("pubsub.", StringComparison.Ordinal))
            .ToFrozenDictionary(spec => spec.Name, spec => Create(spec, sidecar.AppId), StringComparer.Ordinal));

    public PubSubComponent? Find(Sidecar sidecar, string name) => _components[sidecar.AppId].GetValueOrDefault(name);

    private static PubSubComponent Create(ComponentSpec spec, string appId)
    {
        var settings = new ComponentSettings(spec);
        var concurrency = settings.Number("concurrency") ?? DefaultConcurrency;
        return new PubSubComponent(
            spec.Name,
            new TopicScopes(settings, appId),
            settings.Text("consumerID") ?? appId,
            concurrency > 0 ? concurrency : DefaultConcurrency,
            settings.Duration("redeliverInterval") is { } interval && interval > TimeSpan.Zero ? interval : DefaultRedeliverInterval);
    }
}
