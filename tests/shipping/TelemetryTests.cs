using System.Net.Http.Json;
using DaprShop.Contracts;
using DaprShop.Testing;
using DaprShop.Testing.Telemetry;

namespace DaprShop.Shipping.Tests;

/// <summary>What services/shipping-node tells a collector of what it does: traces are told apart between processes only.</summary>
public sealed class TelemetryTests
{
    private const string Address = "203.0.113.7";

    /// <summary>Who is at the other end; the service's own address is no secret.</summary>
    private static readonly string[] s_addresses = ["client.address", "http.client_ip", "network.peer.address", "net.peer.ip"];

    [Fact]
    public async Task Metrics_have_the_names_that_dashboards_ask_for_and_spans_do_not_tell_where_members_are()
    {
        NodeShippingShop.RequireNode();
        await using var collector = await OtlpReceiver.StartAsync();
        await using var shop = new SettingsShop("node", [.. collector.Settings.Select(setting => (setting.Key, setting.Value))]);
        await shop.InitializeAsync();

        var trace = Guid.NewGuid().ToString("N");
        using var question = new HttpRequestMessage(HttpMethod.Get, "/api/shipping/rates?country=US&weight=4321");
        question.Headers.Add("X-Forwarded-For", Address);
        question.Headers.Add("traceparent", $"00-{trace}-b7ad6b7169203331-01");
        using var rates = await shop.Host.Client("shipping").SendAsync(question);
        rates.EnsureSuccessStatusCode();
        await ShopHost.EventuallyAsync(() => Task.FromResult(collector.Spans.Any(span => span.TraceId == trace)), "the span");
        var span = Assert.Single(collector.Spans, span => span.TraceId == trace);
        Assert.Equal("GET", span.Attributes["http.request.method"]);
        Assert.Empty(span.Attributes.Keys.Intersect(s_addresses));
        Assert.DoesNotContain(span.Attributes.Values.Append(span.Name), text => text.Contains(Address) || text.Contains("4321"));

        await ShopHost.EventuallyAsync(() => Task.FromResult(DeadLetters().Length > 0), "none of the topic");
        var order = ShippingShop.NewOrder();
        var letter = new { id = $"order-{order}-5", topic = Topics.OrdersConfirmed, data = ShippingShop.Confirmed(order, shop.Now) };
        using var buried = await shop.Sidecar.PostAsJsonAsync(
            "/events/shipping.dead-letters", new { id = "batch", entries = new[] { new { entryId = "1", @event = letter } } });
        buried.EnsureSuccessStatusCode();
        await ShopHost.EventuallyAsync(() => Task.FromResult(DeadLetters().Any(count => count > 0)), "the dead letter to be counted");
        string[] names = [.. collector.Metrics.SelectMany(metric => PrometheusNames.Of(metric.Metric))];
        Assert.Contains("http_server_request_duration_seconds_count", names);
        Assert.Contains("daprshop_dead_letters_total", names);

        long[] DeadLetters() =>
        [
            .. collector.Metrics.Where(metric => metric is { Service: "shipping", Metric.Name: "daprshop.dead_letters" })
                .SelectMany(metric => metric.Metric.Sum.DataPoints)
                .Where(point => point.Attributes.AsText()["topic"] == Topics.OrdersConfirmed).Select(point => point.AsInt),
        ];
    }
}
