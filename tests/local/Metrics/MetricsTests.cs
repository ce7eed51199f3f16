using System.Net;
using System.Net.Sockets;
using DaprShop.Local.Configuration;
using DaprShop.Local.Hosting;
using DaprShop.Local.Metrics;
using DaprShop.Local.Telemetry;
using DaprShop.Testing;
using DaprShop.Testing.Telemetry;
using DaprShop.Testing.Telemetry.Otlp;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;

namespace DaprShop.Local.Tests.Metrics;

/// <summary>The numbers of a sidecar; what they are called is for the conformance suite.</summary>
public sealed class MetricsTests
{
    [Fact]
    public async Task The_port_tells_of_its_own_app_and_is_no_sidecar()
    {
        var port = FreePorts.Take();
        await using var shop = await ShopHost.StartAsync(host => host
            .Fake("a", app => app.MapGet("/x", () => "x")).Fake("b", _ => { }).MetricsPort("a", port));
        using var metrics = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        using var stranger = new HttpClient { BaseAddress = shop.DaprHttp("a").BaseAddress };

        await shop.DaprHttp("a").GetStringAsync("/v1.0/invoke/a/method/x");
        await shop.DaprHttp("a").GetAsync("/v1.0/invoke/b/method/x");
        await shop.DaprHttp("b").GetStringAsync("/v1.0/invoke/a/method/x");
        await stranger.GetAsync("/v1.0/invoke/a/method/x");
        var text = "";
        // A request counts when its answer is at an end, which the caller may know a little earlier.
        await ShopHost.EventuallyAsync(async () =>
        {
            text = await metrics.GetStringAsync("/metrics");
            return text.Contains("""dapr_http_server_request_count{app_id="a",method="GET",status="200"} 1""" + "\n", StringComparison.Ordinal)
                && text.Contains("""dapr_http_server_request_count{app_id="a",method="GET",status="401"} 1""" + "\n", StringComparison.Ordinal);
        });

        Assert.Contains("""req_sent_total{app_id="a",dst_app_id="b",type="unary"} 1""" + "\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("dst_app_id=\"a\"", text, StringComparison.Ordinal);
        Assert.DoesNotContain("{app_id=\"b\"", text, StringComparison.Ordinal);
        foreach (var path in (string[])["/", "/v1.0/invoke/a/method/x", "/v1.0/metadata"])
            Assert.StartsWith("# TYPE dapr_http", await metrics.GetStringAsync(path), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await shop.DaprHttp("a").GetAsync("/metrics")).StatusCode);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_named()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var error = await Assert.ThrowsAsync<ConfigurationError>(
            () => ShopHost.StartAsync(host => host.Fake("a", _ => { }).MetricsPort("a", port)));
        Assert.Contains($"port {port} of the sidecar of 'a' is in use", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_histogram_adds_up_to_its_count()
    {
        using var metrics = new SidecarMetrics("a");
        foreach (var milliseconds in (double[])[0.5, 1, 1.5, 100, 1_000_000])
            metrics.Answered("/S/M", StatusCode.Cancelled, TimeSpan.FromMilliseconds(milliseconds));
        var lines = metrics.ToText().Split('\n');

        const string labels = """{app_id="a",grpc_server_method="/S/M",grpc_server_status="Canceled""";
        Assert.Contains($"dapr_grpc_io_server_completed_rpcs{labels}\"}} 5", lines);
        foreach (var (bound, count) in new[] { ("1", 2), ("2", 3), ("80", 3), ("100", 4), ("100000", 4), ("+Inf", 5) })
            Assert.Contains($"dapr_grpc_io_server_server_latency_bucket{labels}\",le=\"{bound}\"}} {count}", lines);
        Assert.Contains($"dapr_grpc_io_server_server_latency_sum{labels}\"}} 1000103", lines);
        Assert.Contains($"dapr_grpc_io_server_server_latency_count{labels}\"}} 5", lines);
    }

    [Fact]
    public async Task A_collector_is_sent_what_the_port_tells()
    {
        await using var collector = await OtlpReceiver.StartAsync();
        using var metrics = new SidecarMetrics(
            "a", new SidecarMeter("a", Collector.Named(collector.Settings, "METRICS")!, collector.Settings));
        metrics.Answered("GET", 200, TimeSpan.FromMilliseconds(0.5));
        metrics.Answered("GET", 200, TimeSpan.FromMilliseconds(100));
        metrics.Answered("POST", 404, TimeSpan.FromMilliseconds(1_000_000));
        metrics.Answered("/S/M", StatusCode.Cancelled, TimeSpan.FromMilliseconds(2));
        metrics.Sent("b");
        metrics.Sent("b");
        metrics.Sent("b", isStream: true);

        var told = metrics.ToText().Split('\n').Where(line => line.Length > 0 && line[0] != '#').Order();
        // The last word is sent when it ends.
        metrics.Dispose();

        await ShopHost.EventuallyAsync(() => Task.FromResult(collector.Metrics.Any(metric => metric.Service == "a")), "the last word");
        Assert.Equal(told, collector.Metrics.Where(metric => metric.Service == "a").SelectMany(Lines).Order());
    }

    [Fact]
    public async Task With_a_collector_all_sidecars_send_and_one_that_is_away_keeps_nobody_from_anything()
    {
        await using var collector = await OtlpReceiver.StartAsync();
        var settings = collector.Settings;
        await using (var shop = await ShopHost.StartAsync(host => host
            .Fake("a", app => app.MapGet("/x", () => "x")).Fake("b", _ => { }).Telemetry(settings)))
        {
            await shop.DaprHttp("b").GetStringAsync("/v1.0/invoke/a/method/x");
            await ShopHost.EventuallyAsync(() => Task.FromResult(collector.Metrics.Any(
                metric => metric.Service == "b" && metric.Metric.Name == "dapr_runtime_service_invocation_req_sent_total")));
        }
        await collector.DisposeAsync();
        await using var alone = await ShopHost.StartAsync(host => host
            .Fake("a", app => app.MapGet("/x", () => "x")).Telemetry(settings));
        Assert.Equal("x", await alone.DaprHttp("a").GetStringAsync("/v1.0/invoke/a/method/x"));
    }

    /// <summary>As the port would tell it.</summary>
    private static IEnumerable<string> Lines(SeenMetric seen)
    {
        var name = seen.Metric.Name;
        foreach (var point in seen.Metric.Sum?.DataPoints ?? []) yield return $"{name}{{{Labels(point.Attributes)}}} {point.AsInt}";
        foreach (var point in seen.Metric.Histogram?.DataPoints ?? [])
        {
            var (labels, below) = (Labels(point.Attributes), 0UL);
            for (var i = 0; i < point.BucketCounts.Count; i++)
            {
                var bound = i < point.ExplicitBounds.Count ? FormattableString.Invariant($"{point.ExplicitBounds[i]}") : "+Inf";
                yield return $"{name}_bucket{{{labels},le=\"{bound}\"}} {below += point.BucketCounts[i]}";
            }
            yield return FormattableString.Invariant($"{name}_sum{{{labels}}} {point.Sum}");
            yield return $"{name}_count{{{labels}}} {point.Count}";
        }

        string Labels(IEnumerable<KeyValue> attributes) =>
            string.Join(',', attributes.Select(label => $"{label.Key}=\"{label.Value.StringValue}\""));
    }
}
