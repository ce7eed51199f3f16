namespace DaprShop.Local.Configuration;

/// <summary>Everything that the resource folders of the apps describe.</summary>
/// <param name="Folders">The folders themselves, for what a building block reads on its own (Resiliency).</param>
/// <param name="Components">Components, secrets resolved; see <see cref="ComponentSpec.IsFor"/> for who may use one.</param>
/// <param name="Subscriptions">Declared subscriptions, both versions in one form.</param>
/// <param name="Configurations">Dapr configurations (the file of <c>configFilePath</c>).</param>
public sealed record Resources(
    IReadOnlyList<string> Folders,
    IReadOnlyList<ComponentSpec> Components,
    IReadOnlyList<SubscriptionSpec> Subscriptions,
    IReadOnlyList<ResourceDocument> Configurations)
{
    public static Resources None { get; } = new([], [], [], []);
}

/// <summary>One document of a resource file: the part that all kinds have in common.</summary>
/// <param name="ApiVersion">E.g. <c>dapr.io/v1alpha1</c>.</param>
/// <param name="Kind">E.g. <c>Resiliency</c>.</param>
/// <param name="Name">Its <c>metadata.name</c>.</param>
/// <param name="Scopes">The app ids it is for; empty means all.</param>
/// <param name="Body">The whole document.</param>
public sealed record ResourceDocument(string ApiVersion, string Kind, string Name, IReadOnlyList<string> Scopes, YamlMap Body)
{
    public bool IsFor(string appId) => Scopes.Count == 0 || Scopes.Contains(appId, StringComparer.Ordinal);
}

/// <summary>A subscription declared in a file (<c>Subscription</c> v1alpha1 or v2alpha1).</summary>
/// <param name="Name">The document's name.</param>
/// <param name="PubsubName">The pub/sub component.</param>
/// <param name="Topic">The topic.</param>
/// <param name="Routes">Rules in order; the default route, if any, last and without a match.</param>
/// <param name="DeadLetterTopic">Where messages go that cannot be delivered.</param>
/// <param name="Metadata">E.g. <c>rawPayload</c>.</param>
/// <param name="Bulk">Bulk delivery, when asked for.</param>
/// <param name="Scopes">The apps that subscribe; empty means all.</param>
/// <param name="Source">File and line.</param>
public sealed record SubscriptionSpec(
    string Name, string PubsubName, string Topic, IReadOnlyList<SubscriptionRoute> Routes, string? DeadLetterTopic,
    IReadOnlyDictionary<string, string> Metadata, BulkSubscribe? Bulk, IReadOnlyList<string> Scopes, string Source)
{
    public bool IsFor(string appId) => Scopes.Count == 0 || Scopes.Contains(appId, StringComparer.Ordinal);
}

/// <param name="Match">A CEL condition on the event; null is the default route.</param>
/// <param name="Path">Where the app takes the event.</param>
public sealed record SubscriptionRoute(string? Match, string Path);

public sealed record BulkSubscribe(int MaxMessagesCount, int MaxAwaitDurationMs);
