using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Grpc.Core;

namespace DaprShop.Local.Metrics;

/// <summary>
/// What an app asked of its sidecar, counted and timed under daprd's names and labels (<c>pkg/diagnostics</c>), without paths, as with
/// <c>increasedCardinality: false</c>. The sidecars of an app's replicas count together.
/// </summary>
/// <param name="appId">The app.</param>
/// <param name="meter">Hears of all of it too; null when nothing is sent anywhere.</param>
public sealed class SidecarMetrics(string appId, SidecarMeter? meter = null) : IDisposable
{
    private readonly ConcurrentDictionary<(string Method, int Status), Latencies> _http = new();
    private readonly ConcurrentDictionary<(string Method, StatusCode Status), Latencies> _grpc = new();
    private readonly ConcurrentDictionary<(string App, string Type), Count> _sent = new();

    public string AppId => appId;

    /// <param name="method">One of the verbs there are.</param>
    /// <param name="status">Of the answer.</param>
    /// <param name="elapsed">From the request to the end of the answer.</param>
    public void Answered(string method, int status, TimeSpan elapsed)
    {
        _http.GetOrAdd((method, status), _ => new()).Add(elapsed);
        meter?.Answered(method, status, elapsed);
    }

    /// <param name="method">With its service: <c>/dapr.proto.runtime.v1.Dapr/GetState</c>.</param>
    /// <param name="status">Of the answer.</param>
    /// <param name="elapsed">From the request to the end of the answer.</param>
    public void Answered(string method, StatusCode status, TimeSpan elapsed)
    {
        _grpc.GetOrAdd((method, status), _ => new()).Add(elapsed);
        meter?.Answered(method, GoName(status), elapsed);
    }

    /// <summary>A request to another app is on its way; one that is tried again is another.</summary>
    /// <param name="toApp">Whose.</param>
    /// <param name="isStream">A gRPC call that says it is one.</param>
    public void Sent(string toApp, bool isStream = false)
    {
        var type = isStream ? "streaming" : "unary";
        _sent.GetOrAdd((toApp, type), static _ => new()).Add();
        meter?.Sent(toApp, type);
    }

    public void Dispose() => meter?.Dispose();

    /// <summary>In the text format of Prometheus, https://prometheus.io/docs/instrumenting/exposition_formats/.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        (string, Latencies)[] http = [.. _http.Select(one => ($"method=\"{one.Key.Method}\",status=\"{one.Key.Status}\"", one.Value))];
        (string, Latencies)[] grpc =
            [.. _grpc.Select(one => ($"grpc_server_method=\"{one.Key.Method}\",grpc_server_status=\"{GoName(one.Key.Status)}\"", one.Value))];
        Counter(text, MetricNames.HttpRequests, http.Select(one => (one.Item1, one.Item2.Count)));
        Histogram(text, MetricNames.HttpLatency, http);
        Counter(text, MetricNames.GrpcCalls, grpc.Select(one => (one.Item1, one.Item2.Count)));
        Histogram(text, MetricNames.GrpcLatency, grpc);
        Counter(
            text, MetricNames.CallsSent,
            _sent.Select(one => ($"dst_app_id=\"{one.Key.App}\",type=\"{one.Key.Type}\"", one.Value.Value)));
        return text.ToString();
    }

    private static string GoName(StatusCode status) => status == StatusCode.Cancelled ? "Canceled" : $"{status}";

    private void Counter(StringBuilder text, string name, IEnumerable<(string Labels, long Value)> series)
    {
        text.Append(CultureInfo.InvariantCulture, $"# TYPE {name} counter\n");
        foreach (var (labels, value) in series) Line(text, name, labels, value);
    }

    private void Histogram(StringBuilder text, string name, IEnumerable<(string Labels, Latencies Value)> series)
    {
        text.Append(CultureInfo.InvariantCulture, $"# TYPE {name} histogram\n");
        foreach (var (labels, value) in series)
        {
            foreach (var (bound, below) in value.Cumulative()) Line(text, $"{name}_bucket", $"{labels},le=\"{bound}\"", below);
            Line(text, $"{name}_sum", labels, value.Milliseconds);
            Line(text, $"{name}_count", labels, value.Count);
        }
    }

    private void Line(StringBuilder text, string name, string labels, double value) =>
        text.Append(CultureInfo.InvariantCulture, $"{name}{{app_id=\"{appId}\",{labels}}} {value}\n");

    private sealed class Count
    {
        private long _value;

        public long Value => Interlocked.Read(ref _value);

        public void Add() => Interlocked.Increment(ref _value);
    }
}
