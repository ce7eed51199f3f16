using DaprShop.Testing.Telemetry.Otlp;

namespace DaprShop.Testing.Telemetry;

/// <summary>
/// What Prometheus knows a metric by: the collector's translation, https://github.com/prometheus/otlptranslator, for the units there are.
/// </summary>
public static class PrometheusNames
{
    private static readonly Dictionary<string, string> s_units = new() { ["s"] = "seconds", ["ms"] = "milliseconds", ["By"] = "bytes" };

    /// <summary>One name, or those of a histogram's parts.</summary>
    public static IReadOnlyList<string> Of(Metric metric) => Of(
        metric.Name, metric.Unit, metric.DataCase == Metric.DataOneofCase.Histogram,
        metric is { DataCase: Metric.DataOneofCase.Sum, Sum.IsMonotonic: true });

    /// <param name="name">E.g. <c>http.server.request.duration</c>.</param>
    /// <param name="unit">As UCUM has it; what stands in braces is a remark.</param>
    /// <param name="isHistogram">It has buckets.</param>
    /// <param name="isCounter">It only grows.</param>
    public static IReadOnlyList<string> Of(string name, string unit, bool isHistogram, bool isCounter)
    {
        var words = name.Split(['.', '_', '-'], StringSplitOptions.RemoveEmptyEntries).ToList();
        if (s_units.TryGetValue(unit, out var inWords))
        {
            words.Remove(inWords);
            words.Add(inWords);
        }
        if (isCounter)
        {
            words.RemoveAll(word => word == "total");
            words.Add("total");
        }
        var whole = string.Join('_', words);
        return isHistogram ? [$"{whole}_bucket", $"{whole}_sum", $"{whole}_count"] : [whole];
    }

    /// <summary>The labels that its points have, those apart that all metrics of a service share.</summary>
    public static IReadOnlySet<string> LabelsOf(Metric metric) =>
        (metric.DataCase switch
        {
            Metric.DataOneofCase.Gauge => metric.Gauge.DataPoints.SelectMany(point => point.Attributes),
            Metric.DataOneofCase.Sum => metric.Sum.DataPoints.SelectMany(point => point.Attributes),
            Metric.DataOneofCase.Histogram => metric.Histogram.DataPoints.SelectMany(point => point.Attributes),
            _ => [],
        }).Select(attribute => attribute.Key.Replace('.', '_')).ToHashSet();
}
