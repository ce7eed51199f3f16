using System.Diagnostics;
using System.Security.Cryptography;
using DaprShop.Testing;
using DaprShop.Testing.Telemetry;

namespace DaprShop.EndToEnd.Tests;

/// <summary>What the services tell a collector of what they do.</summary>
public sealed class TelemetryTests(SharedShop shared)
{
    private static readonly string[] s_takePart = ["catalog", "inventory", "ordering", "payment", "shipping"];

    [Fact]
    public async Task One_checkout_is_one_trace_without_gaps_and_without_secrets()
    {
        var telemetry = shared.Telemetry;
        var product = await shared.Shop.NewProductAsync();
        var member = await shared.Shop.NewMemberAsync();
        var (trace, caller) = (RandomId(16), RandomId(8));

        var order = await member.PostAsync(
            "/api/orders", Checkout.Of(product.Id),
            Checkout.Key(), ("Prefer", "wait=30"), ("traceparent", $"00-{trace}-{caller}-01")).ReadAsync<Order>();

        Assert.Equal("confirmed", order.Status);
        // Who has done something tells it a little later, and not in order.
        SeenSpan[] Spans() => [.. telemetry.Spans.Where(span => span.TraceId == trace)];
        await ShopHost.EventuallyAsync(
            () => Task.FromResult(Gaps(Spans(), caller).Count == 0 && s_takePart.All(service => Spans().Any(span => span.Service == service && !IsSidecars(span)))
                && (LocalShop.IsDirect || AreSidecarsBetween(Spans(), "ordering", "payment"))
                && Spans().Any(span => span.Name.StartsWith("pubsub/", StringComparison.Ordinal))),
            $"{string.Join(", ", s_takePart)} and sidecars in trace {trace} without gaps");
        // The sampler that the environment names begins no trace in a service; a sidecar that is called without one begins it.
        Assert.DoesNotContain(telemetry.Spans, span => !IsSidecars(span) && span.ParentId.Length == 0);
        string[] secrets = [member.Credentials!.Email, Checkout.Address.Recipient, Checkout.Address.Line1, "tok_ok"];
        Assert.All(Spans(), span => Assert.DoesNotContain(
            secrets, secret => span.Attributes.Values.Append(span.Name).Any(text => text.Contains(secret, StringComparison.OrdinalIgnoreCase))));
    }

    [Fact]
    public async Task Services_tell_the_metrics_that_dashboards_ask_for()
    {
        var telemetry = shared.Telemetry;
        await (await shared.Shop.SomeoneAsync()).OrderAsync((await shared.Shop.NewProductAsync()).Id);
        var expected = File.ReadLines(Path.Combine(Repository.Root, "tests", "deployment", "metrics", "services.txt"))
            .Where(line => line.StartsWith("daprshop_", StringComparison.Ordinal) || line.StartsWith("http_server_request_", StringComparison.Ordinal)
                || line.StartsWith("dotnet_process_", StringComparison.Ordinal))
            .Select(line => line.Split(' ')).ToList();
        Assert.NotEmpty(expected);

        await ShopHost.EventuallyAsync(
            () =>
            {
                var told = telemetry.Metrics.SelectMany(metric => PrometheusNames.Of(metric.Metric).Select(name => (name, metric.Metric)))
                    .ToLookup(metric => metric.name, metric => PrometheusNames.LabelsOf(metric.Metric));
                return Task.FromResult(expected.All(metric => told[metric[0]].Any(labels => metric[1..].Except(Common).All(labels.Contains))));
            },
            "every metric with its labels");
    }

    /// <summary>What the collector puts to each, from who told it; and the bounds of a bucket.</summary>
    private static IReadOnlyList<string> Common { get; } = ["service_name", "service_namespace", "service_instance_id", "job", "instance", "le"];

    /// <summary>A call of one service by another: the caller's span, its sidecar's, the other's sidecar's, the other's own.</summary>
    private static bool AreSidecarsBetween(IReadOnlyList<SeenSpan> spans, string caller, string callee)
    {
        var byId = spans.ToDictionary(span => span.SpanId);
        return spans.Any(span =>
            span.Service == callee && !IsSidecars(span)
            && byId.TryGetValue(span.ParentId, out var came) && IsCall(came, callee) && came.Kind == ActivityKind.Server
            && byId.TryGetValue(came.ParentId, out var sent) && IsCall(sent, caller) && sent.Kind == ActivityKind.Client
            && byId.TryGetValue(sent.ParentId, out var own) && own.Service == caller && !IsSidecars(own));

        bool IsCall(SeenSpan span, string service) => span.Service == service && span.Name.StartsWith($"CallLocal/{callee}/", StringComparison.Ordinal);
    }

    private static bool IsSidecars(SeenSpan span) =>
        span.Attributes.ContainsKey("dapr.protocol") || span.Kind == ActivityKind.Producer
        || span.Name.StartsWith("pubsub/", StringComparison.Ordinal) || span.Name.StartsWith("bindings/", StringComparison.Ordinal);

    /// <summary>Spans whose parent nobody has told of.</summary>
    private static List<SeenSpan> Gaps(IReadOnlyList<SeenSpan> spans, string caller)
    {
        var told = spans.Select(span => span.SpanId).Append(caller).ToHashSet();
        return [.. spans.Where(span => !told.Contains(span.ParentId))];
    }

    private static string RandomId(int bytes) => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(bytes));
}
