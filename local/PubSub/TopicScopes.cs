using DaprShop.Local.Configuration;

namespace DaprShop.Local.PubSub;

/// <summary>Which topics of a pub/sub component an app may publish and subscribe to (daprd <c>pkg/scopes</c>).</summary>
public sealed class TopicScopes
{
    private readonly IReadOnlyList<string> _allowed;
    private readonly IReadOnlyList<string> _protected;
    private readonly string[] _publishing;
    private readonly string[] _subscribing;

    public TopicScopes(ComponentSettings settings, string appId)
    {
        _allowed = settings.List("allowedTopics");
        _protected = settings.List("protectedTopics");
        _publishing = ScopedTopics(settings.Text("publishingScopes"), appId);
        _subscribing = ScopedTopics(settings.Text("subscriptionScopes"), appId);
    }

    public bool MayPublish(string topic) => IsAllowed(topic, _publishing);

    public bool MaySubscribe(string topic) => IsAllowed(topic, _subscribing);

    /// <summary>An app with no scope of its own may use every topic that is allowed and not protected.</summary>
    private bool IsAllowed(string topic, string[] scoped)
    {
        if (_allowed.Count > 0 && !_allowed.Contains(topic)) return false;
        if (scoped.Length == 0) return !_protected.Contains(topic);
        return scoped.Contains(topic);
    }

    /// <summary>From <c>app1=topic1,topic2;app2=topic3</c>; <c>app1=</c> is a scope without a topic.</summary>
    private static string[] ScopedTopics(string? scopes, string appId) =>
    [
        .. (scopes ?? "").Replace(" ", "", StringComparison.Ordinal).Split(';').Select(app => app.Split('='))
            .Where(app => app.Length >= 2 && app[0] == appId)
            .SelectMany(app => app[1].Split(',')),
    ];
}
