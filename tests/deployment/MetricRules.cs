using System.Text.Json;
using System.Text.RegularExpressions;
using DaprShop.Testing.Telemetry;

namespace DaprShop.Deployment.Tests;

/// <summary>
/// What the dashboards ask for is there to be asked for. What each source has was seen on running ones and is written down in
/// <c>tests/deployment/metrics</c>: a name and its labels a line; what services make themselves is compared with their code.
/// </summary>
public static partial class MetricRules
{
    private const string Overlay = "deploy/compose/observability.yml";
    private const string Folder = "deploy/compose/observability";
    private const string Seen = "tests/deployment/metrics";

    public static Rule[] All { get; } =
    [
        new("dashboards ask for what there is", Dashboards),
        new("the services' own metrics are known", OwnMetrics),
        new("Prometheus asks everyone, and everyone can tell the collector", Sources),
    ];

    private static void Dashboards(Tree tree, Faults faults)
    {
        var seen = tree.Files(Seen, ".txt").SelectMany(file => Metrics(tree[file])).ToLookup(metric => metric.Name, metric => metric.Labels);
        foreach (var file in tree.Files(Folder, ".json"))
        {
            using var dashboard = JsonDocument.Parse(tree[file]);
            foreach (var panel in dashboard.RootElement.GetProperty("panels").EnumerateArray())
                foreach (var target in panel.GetProperty("targets").EnumerateArray())
                    Check(
                        $"{file}, {panel.GetProperty("title").GetString()}", target.GetProperty("expr").GetString()!,
                        target.GetProperty("legendFormat").GetString()!, seen, faults);
        }
    }

    private static void Check(string place, string expression, string legend, ILookup<string, string[]> seen, Faults faults)
    {
        var query = PromQuery.Of(expression);
        faults.When(query.Selectors.Count == 0, $"{place}: asks for nothing");
        foreach (var (metric, labels) in query.Selectors)
        {
            faults.When(!seen.Contains(metric), $"{place}: nobody has {metric}");
            foreach (var label in labels)
                faults.When(seen.Contains(metric) && !seen[metric].Any(has => has.Contains(label)), $"{place}: {metric} has no {label}");
        }
        var all = query.Selectors.SelectMany(selector => seen[selector.Metric]).SelectMany(labels => labels).ToHashSet();
        foreach (var label in query.Kept.Where(label => !all.Contains(label))) faults.Add($"{place}: nothing has {label}");
        var shown = query.Kept.Count > 0 ? query.Kept : [.. all];
        foreach (Match label in LegendLabel().Matches(legend))
            faults.When(!shown.Contains(label.Groups[1].Value), $"{place}: {label.Groups[1].Value} of the legend is not kept");
    }

    private static void OwnMetrics(Tree tree, Faults faults)
    {
        var made = tree.Files("services", ".cs").SelectMany(file => Instrument().Matches(tree[file])).SelectMany(instrument => PrometheusNames.Of(
            instrument.Groups["name"].Value, instrument.Groups["unit"].Value,
            isHistogram: instrument.Groups["kind"].Value == "Histogram", isCounter: instrument.Groups["kind"].Value == "Counter"));
        var known = Metrics(tree[$"{Seen}/services.txt"]).Select(metric => metric.Name).Where(name => name.StartsWith("daprshop_"));
        faults.Same($"{Seen}/services.txt", made, known);
    }

    private static void Sources(Tree tree, Faults faults)
    {
        var compose = Compose.All(tree).Single(one => one.Name == Overlay);
        var ids = Facts.Ids(tree);
        var collector = compose.Services["collector"]["networks"].Texts;
        foreach (var id in ids)
        {
            faults.Is($"{Overlay}, {id}", "http://collector:4317", compose.Services[id]["environment"]["OTEL_EXPORTER_OTLP_ENDPOINT"].Text);
            faults.When(!compose.Services[id]["networks"].Texts.Intersect(collector).Any(), $"{Overlay}, {id}: cannot reach the collector");
        }
        var prometheus = Yaml.One(tree[$"{Folder}/prometheus.yaml"])["scrape_configs"].Items;
        var targets = prometheus.ToDictionary(
            job => job["job_name"].Text!, job => job["static_configs"].Items.SelectMany(one => one["targets"].Texts).ToList());
        faults.Same($"{Folder}/prometheus.yaml, sidecars", ids.Select(id => $"{id}-dapr:9090"), targets["sidecars"]);
        var (told, traces) = (Yaml.One(tree[$"{Folder}/collector.yaml"]), Yaml.One(tree[$"{Folder}/jaeger.yaml"]));
        faults.Same($"{Folder}/prometheus.yaml, services", [$"collector:{Port(told["exporters"]["prometheus"])}"], targets["services"]);
        faults.Is(
            $"{Folder}/collector.yaml, Jaeger", $"jaeger:{Port(traces["receivers"]["otlp"]["protocols"]["grpc"])}",
            told["exporters"]["otlp_grpc/jaeger"]["endpoint"].Text);
        // The broker of another overlay is not there in this one.
        var services = Compose.All(tree).SelectMany(one => one.Services).ToLookup(service => service.Key, service => service.Value);
        var own = compose.Services["prometheus"]["networks"].Texts;
        foreach (var host in targets.Values.SelectMany(hosts => hosts).Select(target => target.Split(':')[0]))
            faults.When(
                !services[host].Any(service => service["networks"].Texts.Intersect(own).Any()), $"{Folder}/prometheus.yaml: cannot reach {host}");
    }

    private static string? Port(Yaml listener) => listener["endpoint"].Text?.Split(':')[^1];

    private static IEnumerable<(string Name, string[] Labels)> Metrics(string list) => list.Split('\n')
        .Where(line => line.Length > 0 && !line.StartsWith('#')).Select(line => line.Split(' ')).Select(words => (words[0], words[1..]));

    [GeneratedRegex(@"\{\{\s*(\w+)\s*\}\}")]
    private static partial Regex LegendLabel();

    [GeneratedRegex(
        @"\.Create(?:Observable)?(?<kind>Counter|UpDownCounter|Gauge|Histogram)(?:<\w+>)?\(\s*""(?<name>[^""]+)"",\s*""(?<unit>[^""]*)""")]
    private static partial Regex Instrument();
}
