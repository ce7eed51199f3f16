using System.Collections.Concurrent;
using DaprShop.Testing.Telemetry.Otlp;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace DaprShop.Testing.Telemetry;

/// <summary>Stands where a collector would: takes traces and metrics by OTLP over HTTP (protobuf), and keeps them.</summary>
public sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<SeenSpan> _spans = [];
    private readonly ConcurrentDictionary<(string Service, string Name), SeenMetric> _metrics = new();

    private OtlpReceiver(WebApplication app) => _app = app;

    /// <summary>Where it listens.</summary>
    public Uri Address => new(_app.Urls.Single());

    /// <summary>What has come so far.</summary>
    public IReadOnlyCollection<SeenSpan> Spans => _spans;

    /// <summary>As each service told it last.</summary>
    public IReadOnlyCollection<SeenMetric> Metrics => [.. _metrics.Values];

    /// <summary>The variables that make a process send its metrics here, and of its traces those that a caller asks for.</summary>
    public Dictionary<string, string> Settings => new()
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = _app.Urls.Single(),
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        ["OTEL_METRIC_EXPORT_INTERVAL"] = "2000",
        ["OTEL_TRACES_SAMPLER"] = "parentbased_always_off",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
        ["OTEL_EXPORTER_OTLP_TIMEOUT"] = "60000",
    };

    public static async Task<OtlpReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        var receiver = new OtlpReceiver(builder.Build());
        receiver._app.MapPost("/v1/traces", async (HttpRequest request) =>
            receiver.Take(ExportTraceServiceRequest.Parser.ParseFrom(await BytesAsync(request))));
        receiver._app.MapPost("/v1/metrics", async (HttpRequest request) =>
            receiver.Take(ExportMetricsServiceRequest.Parser.ParseFrom(await BytesAsync(request))));
        await receiver._app.StartAsync();
        return receiver;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private void Take(ExportTraceServiceRequest request)
    {
        foreach (var resource in request.ResourceSpans)
            foreach (var span in resource.ScopeSpans.SelectMany(scope => scope.Spans))
                _spans.Enqueue(SeenSpan.Of(ServiceOf(resource.Resource), span));
    }

    private void Take(ExportMetricsServiceRequest request)
    {
        foreach (var resource in request.ResourceMetrics)
            foreach (var metric in resource.ScopeMetrics.SelectMany(scope => scope.Metrics))
                _metrics[(ServiceOf(resource.Resource), metric.Name)] = new SeenMetric(ServiceOf(resource.Resource), metric);
    }

    private static string ServiceOf(Resource resource) =>
        resource.Attributes.FirstOrDefault(attribute => attribute.Key == "service.name")?.Value.StringValue ?? "";

    private static async Task<byte[]> BytesAsync(HttpRequest request)
    {
        using var bytes = new MemoryStream();
        await request.Body.CopyToAsync(bytes);
        return bytes.ToArray();
    }
}
