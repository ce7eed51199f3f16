namespace DaprShop.Local.Configuration;

/// <summary>The form of a <c>Subscription</c> document: v1alpha1 has one route, v2alpha1 rules and a default.</summary>
internal static class SubscriptionFile
{
    private const int DefaultBulkCount = 100;
    private const int DefaultBulkAwaitMs = 1000;

    public static SubscriptionSpec Parse(ResourceDocument document)
    {
        var first = document.ApiVersion.EndsWith("v1alpha1", StringComparison.Ordinal);
        var spec = document.Body.RequiredMap("spec")
            .Only("topic", "pubsubname", first ? "route" : "routes", "deadLetterTopic", "metadata", "bulkSubscribe");
        return new SubscriptionSpec(
            document.Name,
            spec.RequiredText("pubsubname"),
            spec.RequiredText("topic"),
            first ? [new SubscriptionRoute(null, spec.RequiredText("route"))] : Routes(spec.RequiredMap("routes")),
            spec.Text("deadLetterTopic"),
            spec.TextMap("metadata"),
            Bulk(spec.Map("bulkSubscribe")),
            document.Scopes,
            document.Body.Source);
    }

    private static List<SubscriptionRoute> Routes(YamlMap routes)
    {
        routes.Only("rules", "default");
        List<SubscriptionRoute> all =
        [
            .. routes.Maps("rules").Select(rule => rule.Only("match", "path"))
                .Select(rule => new SubscriptionRoute(rule.RequiredText("match"), rule.RequiredText("path"))),
        ];
        if (routes.Text("default") is { Length: > 0 } path) all.Add(new SubscriptionRoute(null, path));
        return all.Count > 0 ? all : throw routes.Error("rules", "'routes' needs rules, a default, or both");
    }

    private static BulkSubscribe? Bulk(YamlMap? bulk)
    {
        bulk?.Only("enabled", "maxMessagesCount", "maxAwaitDurationMs");
        return bulk?.Flag("enabled") is true
            ? new BulkSubscribe(
                bulk.Number("maxMessagesCount") ?? DefaultBulkCount,
                bulk.Number("maxAwaitDurationMs") ?? DefaultBulkAwaitMs)
            : null;
    }
}
