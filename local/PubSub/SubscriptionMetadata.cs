using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Local.Health;
using DaprShop.Local.Hosting;

namespace DaprShop.Local.PubSub;

/// <summary>What an app is subscribed to, in its sidecar's metadata.</summary>
internal sealed class SubscriptionMetadata(Subscriber subscriber) : IMetadataSource
{
    public void AddTo(GetMetadataResponse metadata, Sidecar sidecar) =>
        metadata.Subscriptions.Add(subscriber.Of(sidecar).Select(Of));

    private static PubsubSubscription Of(Subscription subscription)
    {
        var entry = new PubsubSubscription
        {
            PubsubName = subscription.PubSub,
            Topic = subscription.Topic,
            DeadLetterTopic = subscription.DeadLetterTopic ?? "",
            Rules = new PubsubSubscriptionRules(),
            Type = subscription.Kind switch
            {
                SubscriptionKind.Declared => PubsubSubscriptionType.Declarative,
                SubscriptionKind.Streamed => PubsubSubscriptionType.Streaming,
                _ => PubsubSubscriptionType.Programmatic,
            },
        };
        entry.Rules.Rules.Add(subscription.Routes.Select(route => new PubsubSubscriptionRule { Match = route.Match, Path = route.Path }));
        return entry;
    }
}
