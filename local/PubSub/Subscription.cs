using System.Text.Json;
using System.Text.Json.Serialization;
using Dapr.AppCallback.Autogen.Grpc.v1;
using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Local.Configuration;

namespace DaprShop.Local.PubSub;

/// <summary>What an app wants of a topic.</summary>
/// <param name="PubSub">The component.</param>
/// <param name="Topic">The topic.</param>
/// <param name="Routes">Tried in order; the last may be without a rule.</param>
/// <param name="DeadLetterTopic">Where messages go that the app cannot take; null for none.</param>
/// <param name="IsRaw">The publisher sends no CloudEvents.</param>
/// <param name="Bulk">Set for delivery in bulk.</param>
public sealed record Subscription(
    string PubSub, string Topic, IReadOnlyList<Route> Routes, string? DeadLetterTopic, bool IsRaw, BulkSubscribe? Bulk)
{
    public SubscriptionKind Kind { get; private init; }

    /// <exception cref="FormatException">A rule that is not served.</exception>
    public static Subscription Of(SubscriptionSpec spec) => new(
        spec.PubsubName, spec.Topic, [.. spec.Routes.Select(route => Route.Of(route.Match, route.Path))], NullIfEmpty(spec.DeadLetterTopic),
        IsTrue(spec.Metadata.GetValueOrDefault("rawPayload")), spec.Bulk)
    { Kind = SubscriptionKind.Declared };

    /// <summary>Of a stream that the app opens for it.</summary>
    public static Subscription Of(SubscribeTopicEventsRequestInitialAlpha1 request) => new(
        request.PubsubName, request.Topic, [Route.Of(null, "/")], NullIfEmpty(request.DeadLetterTopic),
        IsTrue(request.Metadata.GetValueOrDefault("rawPayload")), null)
    { Kind = SubscriptionKind.Streamed };

    /// <summary>Reads an app's answer to <c>GET /dapr/subscribe</c>. Subscriptions without a route are left out, as in daprd.</summary>
    /// <exception cref="JsonException">Not such an answer.</exception>
    /// <exception cref="FormatException">A rule that is not served.</exception>
    public static IReadOnlyList<Subscription> Read(ReadOnlySpan<byte> body) =>
    [
        .. (JsonSerializer.Deserialize(body, SubscriptionJson.Default.AppSubscriptionArray) ?? []).OfType<AppSubscription>().Select(Of)
            .Where(subscription => subscription.Routes.Count > 0),
    ];

    /// <summary>Of an app's answer to <c>ListTopicSubscriptions</c>; there the routes may be missing.</summary>
    /// <exception cref="FormatException">A rule that is not served.</exception>
    public static Subscription Of(TopicSubscription app)
    {
        var routes = (app.Routes?.Rules ?? []).Select(rule => Route.Of(rule.Match, rule.Path)).ToList();
        if (!string.IsNullOrEmpty(app.Routes?.Default) || routes.Count == 0) routes.Add(Route.Of(null, app.Routes?.Default ?? ""));
        return new Subscription(
            app.PubsubName, app.Topic, routes, NullIfEmpty(app.DeadLetterTopic), IsTrue(app.Metadata.GetValueOrDefault("rawPayload")),
            app.BulkSubscribe is { Enabled: true } bulk
                ? new BulkSubscribe(Or(bulk.MaxMessagesCount, 100), Or(bulk.MaxAwaitDurationMs, 1000))
                : null);
    }

    /// <summary>A text that is missing is an empty one, as in Go's JSON.</summary>
    private static Subscription Of(AppSubscription app)
    {
        var routes = (app.Routes?.Rules ?? []).OfType<AppRule>().Select(rule => Route.Of(rule.Match, rule.Path ?? "")).ToList();
        if ((NullIfEmpty(app.Routes?.Default) ?? NullIfEmpty(app.Route)) is { } path) routes.Add(Route.Of(null, path));
        return new Subscription(
            app.PubsubName ?? "", app.Topic ?? "", routes, NullIfEmpty(app.DeadLetterTopic), IsTrue(app.Metadata?.GetValueOrDefault("rawPayload")),
            app.BulkSubscribe is { Enabled: true } bulk
                ? new BulkSubscribe(Or(bulk.MaxMessagesCount, 100), Or(bulk.MaxAwaitDurationMs, 1000))
                : null);
    }

    private static int Or(int value, int otherwise) => value > 0 ? value : otherwise;

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static bool IsTrue(string? text) => bool.TryParse(text, out var value) ? value : text == "1";
}

/// <summary>How a subscription came to be.</summary>
public enum SubscriptionKind
{
    /// <summary>The app said so when it was asked.</summary>
    Programmatic,

    /// <summary>A file says so.</summary>
    Declared,

    /// <summary>The app has opened a stream for it, and it ends with that.</summary>
    Streamed,
}

/// <summary>Where an event goes, and on which condition.</summary>
/// <param name="Rule">Null always holds.</param>
/// <param name="Path">Of the app.</param>
public sealed record Route(MatchRule? Rule, string Path)
{
    /// <summary>The rule as it was written.</summary>
    public string Match { get; private init; } = "";

    public static Route Of(string? match, string path) =>
        string.IsNullOrWhiteSpace(match) ? new Route(null, path) : new Route(MatchRule.Parse(match), path) { Match = match };
}

/// <summary>A subscription as an app writes it.</summary>
internal sealed record AppSubscription(
    string? PubsubName, string? Topic, string? Route, AppRoutes? Routes, string? DeadLetterTopic, Dictionary<string, string>? Metadata,
    AppBulkSubscribe? BulkSubscribe);

internal sealed record AppRoutes(IReadOnlyList<AppRule>? Rules, string? Default);

internal sealed record AppRule(string? Match, string? Path);

internal sealed record AppBulkSubscribe(bool Enabled, int MaxMessagesCount, int MaxAwaitDurationMs);

[JsonSourceGenerationOptions(PropertyNameCaseInsensitive = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(AppSubscription[]))]
internal sealed partial class SubscriptionJson : JsonSerializerContext;
