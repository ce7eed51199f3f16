using System.Globalization;
using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Conformance.Tests.Apps;
using DaprShop.Conformance.Tests.Sidecars;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
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

    [Theory]
    [InlineData("over HTTP", "echo", "unary", 1)]
    [InlineData("over HTTP", "fragile", "unary", 0)]
    [InlineData("as a message", "echo", "unary", 1)]
    [InlineData("as a message", "fragile", "unary", 0)]
    [InlineData("as a message", "speaker", "unary", 1)]
    [InlineData("proxied", "stutterer", "unary", 1)]
    [InlineData("proxied, failing twice", "stutterer", "unary", 3)]
    [InlineData("proxied as a stream", "stutterer", "streaming", 1)]
    [InlineData("over HTTP, failing twice", "flaky", "unary", 3)]
    public async Task A_call_of_another_app_counts_as_often_as_it_is_sent(string how, string app, string type, int times)
    {
        var (before, others) = (await SentAsync(app, type), await SentAsync("events", "unary"));
        await CallAsync(how, app);
        // Once the next call counts, what does not count has had its time.
        await world.CallAsync("fragile", "GET", "/v1.0/invoke/events/method/nothing");
        await TestWorld.EventuallyAsync(async () => await SentAsync("events", "unary") == others + 1, "the next call");
        Assert.Equal(before + times, await SentAsync(app, type));
    }

    private async Task CallAsync(string how, string app)
    {
        var mark = Guid.NewGuid().ToString("N");
        var sidecar = world.Grpc("fragile");
        var extension = new HTTPExtension { Verb = HTTPExtension.Types.Verb.Get };
        var options = new CallOptions(new Metadata { { "dapr-app-id", app } });
        var message = new InvokeServiceRequest { Id = app, Message = new InvokeRequest { Method = mark, HttpExtension = extension } };
        await (how switch
        {
            "over HTTP" => world.CallAsync("fragile", "GET", $"/v1.0/invoke/{app}/method/{mark}"),
            "over HTTP, failing twice" => world.CallAsync("fragile", "GET", $"/v1.0/invoke/{app}/method/fail/{mark}?times=2&status=503"),
            "as a message" => new Client(sidecar).InvokeServiceAsync(message).ResponseAsync.ContinueWith(_ => { }, TaskScheduler.Default),
            "proxied" => sidecar.AsyncUnaryCall(GrpcApp.Say, null, options, new StringValue { Value = "hi" }).ResponseAsync,
            "proxied, failing twice" =>
                sidecar.AsyncUnaryCall(GrpcApp.Say, null, options, new StringValue { Value = $"fail/{mark}/2/14" }).ResponseAsync,
            _ => sidecar.AsyncUnaryCall(
                GrpcApp.Say, null, new CallOptions(new Metadata { { "dapr-app-id", app }, { "dapr-stream", "true" } }),
                new StringValue { Value = "hi" }).ResponseAsync,
        });
    }

    /// <summary>By the one app from which nothing else is called.</summary>
    private async Task<int> SentAsync(string toApp, string type)
    {
        var lines = (await s_http.GetStringAsync(new Uri($"http://127.0.0.1:{world["fragile"].MetricsPort}/metrics"))).Split('\n');
        var start = $"dapr_runtime_service_invocation_req_sent_total{{app_id=\"fragile\",dst_app_id=\"{toApp}\",type=\"{type}\"}} ";
        return lines.FirstOrDefault(line => line.StartsWith(start, StringComparison.Ordinal)) is { } line
            ? int.Parse(line[start.Length..], CultureInfo.InvariantCulture)
            : 0;
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
