using System.Globalization;
using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Conformance.Tests.Sidecars;
using Client = Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient;

namespace DaprShop.Conformance.Tests;

/// <summary>What a sidecar tells a Prometheus: https://docs.dapr.io/operations/observability/metrics/metrics-overview/</summary>
public sealed class MetricsTests(TestWorld world)
{
    private static readonly HttpClient s_http = new();

    private readonly Client _dapr = new(world.Grpc("caller"));

    [Theory]
    [InlineData("PUT", "/v1.0/metadata/metrics", "dapr_http_server_request_count", "method=\"PUT\"", "status=\"204\"")]
    [InlineData("GET", "/v1.0/state/nowhere/x", "dapr_http_server_request_count", "method=\"GET\"", "status=\"400\"")]
    [InlineData("PATCH", "/v1.0/invoke/echo/method/x", "dapr_http_server_request_count", "method=\"PATCH\"", "status=\"200\"")]
    [InlineData("DELETE", "/v1.0/state/store/metrics", "dapr_http_server_latency_count", "method=\"DELETE\"", "status=\"204\"")]
    [InlineData("DELETE", "/v1.0/state/store/metrics", "dapr_http_server_latency_bucket", "le=\"1\"", "le=\"100000\"", "le=\"+Inf\"")]
    [InlineData(
        "GET", "/v1.0/invoke/echo/method/x", "dapr_runtime_service_invocation_req_sent_total", "dst_app_id=\"echo\"", "type=\"unary\"")]
    public async Task A_request_counts(string verb, string target, string metric, params string[] labels)
    {
        await world.CallAsync("caller", verb, target, verb is "GET" or "DELETE" ? null : "x");
        await CountedAsync(metric, labels);
    }

    [Fact]
    public async Task A_grpc_call_counts()
    {
        await _dapr.GetStateAsync(new GetStateRequest { StoreName = "store", Key = "metrics" });
        await CountedAsync(
            "dapr_grpc_io_server_completed_rpcs",
            "grpc_server_method=\"/dapr.proto.runtime.v1.Dapr/GetState\"", "grpc_server_status=\"OK\"");
        await CountedAsync("dapr_grpc_io_server_server_latency_count", "grpc_server_status=\"OK\"");
    }

    [Theory]
    [InlineData("")]
    [InlineData("v1.0/metadata")]
    public async Task Nothing_else_is_there(string path) =>
        Assert.StartsWith("# ", await s_http.GetStringAsync(Address(path)), StringComparison.Ordinal);

    /// <summary>Each of the labels is on some series of the metric.</summary>
    private async Task CountedAsync(string metric, params string[] labels)
    {
        string[] lines = [];
        await TestWorld.EventuallyAsync(
            async () =>
            {
                lines = [.. (await s_http.GetStringAsync(Address("metrics"))).Split('\n')
                    .Where(line => line.StartsWith($"{metric}{{app_id=\"caller\"", StringComparison.Ordinal))];
                return labels.All(label => lines.Any(line => line.Contains(label, StringComparison.Ordinal)));
            },
            $"{metric} with {string.Join(", ", labels)}");
        Assert.All(lines, line => Assert.True(double.Parse(line.Split(' ')[^1], CultureInfo.InvariantCulture) >= 0, line));
    }

    private Uri Address(string path) => new($"http://127.0.0.1:{world["caller"].MetricsPort}/{path}");
}
