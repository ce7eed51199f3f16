using DaprShop.Local.Health;
using DaprShop.Local.Hosting;
using DaprShop.Local.PubSub;

namespace DaprShop.Local.Dashboard;

/// <summary>What there is to be seen of a running set of apps: what the sidecars' own metadata say, and what waits in the queues. No settings.</summary>
/// <param name="name">Of the shop.</param>
/// <param name="shopAddress">Of the gateway; null when there is none.</param>
/// <param name="runtime">What runs.</param>
internal sealed class RuntimeView(string name, Uri? shopAddress, LocalRuntime runtime)
{
    private readonly AppRegistry _apps = runtime.Apps;
    private readonly SidecarMetadata _metadata = runtime.Services.GetRequiredService<SidecarMetadata>();
    private readonly PubSubComponents _pubsub = runtime.Services.GetRequiredService<PubSubComponents>();
    private readonly DeadLetters _deadLetters = runtime.Services.GetRequiredService<DeadLetters>();

    public string Name => name;

    public Uri? ShopAddress => shopAddress;

    public bool Knows(string appId) => _apps.Knows(appId);

    public IEnumerable<ReplicaRow> Replicas() => _apps.Sidecars.OrderBy(sidecar => sidecar.AppId, StringComparer.Ordinal)
        .ThenBy(sidecar => sidecar.Replica).Select(sidecar => new ReplicaRow(
            sidecar.AppId, sidecar.Replica,
            StateOf(sidecar),
            sidecar.App.BaseAddress, sidecar.HttpPort, sidecar.GrpcPort,
            string.Join(", ", (_metadata.Of(sidecar).ActorRuntime?.ActiveActors ?? []).Select(actor => $"{actor.Count} {actor.Type}"))));

    public async Task<IEnumerable<QueueRow>> QueuesAsync() => (await _pubsub.DepthsAsync())
        .Select(queue => new QueueRow(queue.Topic, queue.App, queue.PubSub, queue.Depth))
        .OrderByDescending(row => row.Waiting).ThenBy(row => row.Topic, StringComparer.Ordinal).ThenBy(row => row.AppId, StringComparer.Ordinal);

    /// <summary>Every topic that somebody names for its dead letters, whether or not there ever was one.</summary>
    public async Task<IEnumerable<DeadLetterRow>> DeadLettersAsync()
    {
        var depths = await _pubsub.DepthsAsync();
        return Subscriptions().Where(row => row.DeadLetterTopic.Length > 0)
            .GroupBy(row => (row.Component, row.DeadLetterTopic))
            .Select(topic => new DeadLetterRow(
                topic.Key.DeadLetterTopic, string.Join(", ", topic.Select(row => row.AppId).Distinct()),
                _deadLetters.CountOf(topic.Key.Component, topic.Key.DeadLetterTopic),
                depths.Where(queue => (queue.PubSub, queue.Topic) == topic.Key).Sum(queue => queue.Depth)));
    }

    public IEnumerable<SubscriptionRow> Subscriptions() => Firsts().SelectMany(sidecar => _metadata.Of(sidecar).Subscriptions
        .Select(subscription => new SubscriptionRow(
            sidecar.AppId, subscription.PubsubName, subscription.Topic,
            string.Join(", ", subscription.Rules.Rules.Select(rule => rule.Match.Length == 0 ? rule.Path : $"{rule.Path} if {rule.Match}")),
            subscription.DeadLetterTopic, subscription.Type.ToString().ToLowerInvariant())));

    public IEnumerable<ComponentRow> Components() => Firsts()
        .SelectMany(sidecar => sidecar.Components.Select(component => (component.Name, component.Type, sidecar.AppId)))
        .GroupBy(row => (row.Name, row.Type)).OrderBy(component => component.Key.Name, StringComparer.Ordinal)
        .Select(component => new ComponentRow(component.Key.Name, component.Key.Type, string.Join(", ", component.Select(row => row.AppId))));

    private static string StateOf(Sidecar sidecar) => sidecar switch
    {
        { App.IsListening: false } => "down",
        { App.IsWell: false } => "unhealthy",
        { IsReady: false } => "starting",
        _ => "ready",
    };

    /// <summary>One replica of each app; the others have the same.</summary>
    private IEnumerable<Sidecar> Firsts() =>
        _apps.Sidecars.OrderBy(sidecar => sidecar.AppId, StringComparer.Ordinal).DistinctBy(sidecar => sidecar.AppId);
}

internal sealed record ReplicaRow(string AppId, int Replica, string State, string Address, int HttpPort, int GrpcPort, string Actors);

internal sealed record QueueRow(string Topic, string AppId, string Component, long Waiting);

internal sealed record DeadLetterRow(string Topic, string Of, long SinceStart, long Waiting);

internal sealed record SubscriptionRow(string AppId, string Component, string Topic, string Routes, string DeadLetterTopic, string Kind);

internal sealed record ComponentRow(string Name, string Type, string Apps);
