using System.Diagnostics.Metrics;
using System.Globalization;
using DaprShop.Local.Telemetry;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;

namespace DaprShop.Local.Metrics;

/// <summary>
/// Sends what an app's sidecars count and time to a collector, under the names and labels of the metrics port, as a service that is called
/// as the app. daprd is asked for its metrics only; sent, they need no port and nobody who knows where the sidecars are.
/// </summary>
public sealed class SidecarMeter : IDisposable
{
    private const string IntervalVariable = "OTEL_METRIC_EXPORT_INTERVAL";

    private readonly KeyValuePair<string, object?> _app;
    private readonly Meter _meter;
    private readonly MeterProvider _provider;
    private readonly Counter<long> _httpRequests, _grpcCalls, _callsSent;
    private readonly Histogram<double> _httpLatency, _grpcLatency;

    /// <param name="appId">The app.</param>
    /// <param name="collector">Where to.</param>
    /// <param name="telemetry">OpenTelemetry's variables: <c>OTEL_METRIC_EXPORT_INTERVAL</c>, in milliseconds.</param>
    /// <exception cref="Configuration.ConfigurationError">That is no time.</exception>
    public SidecarMeter(string appId, Action<OtlpExporterOptions> collector, IReadOnlyDictionary<string, string> telemetry)
    {
        _app = new("app_id", appId);
        _meter = new Meter($"dapr-diagnostics.{appId}");
        _httpRequests = _meter.CreateCounter<long>(MetricNames.HttpRequests);
        _grpcCalls = _meter.CreateCounter<long>(MetricNames.GrpcCalls);
        _callsSent = _meter.CreateCounter<long>(MetricNames.CallsSent);
        _httpLatency = Latency(MetricNames.HttpLatency);
        _grpcLatency = Latency(MetricNames.GrpcLatency);
        var interval = Collector.Milliseconds(IntervalVariable, telemetry.GetValueOrDefault(IntervalVariable));
        _provider = Sdk.CreateMeterProviderBuilder().AddMeter(_meter.Name).SetResourceBuilder(SidecarResource.Of(appId))
            .AddOtlpExporter((exporter, reader) =>
            {
                collector(exporter);
                if (interval is not null) reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = interval;
            })
            .Build();
    }

    /// <summary>A request to the HTTP API.</summary>
    public void Answered(string method, int status, TimeSpan elapsed) =>
        Answered(_httpRequests, _httpLatency, elapsed, new("method", method), new("status", status.ToString(CultureInfo.InvariantCulture)));

    /// <summary>A call of the gRPC API.</summary>
    public void Answered(string method, string status, TimeSpan elapsed) =>
        Answered(_grpcCalls, _grpcLatency, elapsed, new("grpc_server_method", method), new("grpc_server_status", status));

    /// <summary>A request to another app.</summary>
    public void Sent(string toApp, string type) => _callsSent.Add(1, _app, new("dst_app_id", toApp), new("type", type));

    /// <summary>Sends what has not been sent.</summary>
    public void Dispose()
    {
        _provider.Dispose();
        _meter.Dispose();
    }

    private void Answered(
        Counter<long> count, Histogram<double> latency, TimeSpan elapsed,
        KeyValuePair<string, object?> method, KeyValuePair<string, object?> status)
    {
        count.Add(1, _app, method, status);
        latency.Record(elapsed.TotalMilliseconds, _app, method, status);
    }

    private Histogram<double> Latency(string name) => _meter.CreateHistogram(
        name, unit: null, description: null, tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = Latencies.Bounds });
}
