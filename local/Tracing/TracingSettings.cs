using System.Globalization;
using DaprShop.Local.Configuration;
using DaprShop.Local.Telemetry;
using OpenTelemetry.Exporter;

namespace DaprShop.Local.Tracing;

/// <summary>
/// How much of an app is traced, and where that is sent: <c>spec.tracing</c> of its Configuration, completed from OpenTelemetry's own
/// variables, by daprd's rules (<c>SetTracingSpecFromEnv</c> in <c>pkg/config/configuration.go</c>).
/// https://docs.dapr.io/operations/configuration/configuration-overview/#tracing
/// </summary>
/// <param name="SamplingRate">Of the traces that begin here, 0 to 1; others are sampled as their caller says.</param>
/// <param name="Exporter">The collector.</param>
internal sealed record TracingSettings(double SamplingRate, Action<OtlpExporterOptions> Exporter)
{
    private const double UnlessSaid = 1e-4;

    /// <summary>Null when nothing is sent: no collector is named, or nothing is sampled.</summary>
    /// <param name="file">The app's Configuration; null for none.</param>
    /// <param name="variables">OpenTelemetry's: <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> and the like.</param>
    /// <exception cref="ConfigurationError">The Configuration is not as it must be.</exception>
    public static TracingSettings? Read(string? file, IReadOnlyDictionary<string, string> variables)
    {
        var tracing = file is null
            ? null
            : YamlMap.ReadFile(file).Where(document => document.Text("kind") == "Configuration")
                .Select(document => document.Map("spec")?.Map("tracing")).OfType<YamlMap>().FirstOrDefault();
        var otel = tracing?.Only("samplingRate", "stdout", "zipkin", "otel").Map("otel")
            ?.Only("endpointAddress", "isSecure", "protocol", "headers", "timeout");
        var rate = tracing?.Text("samplingRate");
        var settings = otel?.Text("endpointAddress") is { Length: > 0 } address
            ? new TracingSettings(RateOf(rate), Exporting(otel, address))
            : Collector.Named(variables, "TRACES") is { } exporter ? new TracingSettings(RateOf(rate ?? "1"), exporter) : null;
        return settings is { SamplingRate: > 0 } ? settings : null;
    }

    private static Action<OtlpExporterOptions> Exporting(YamlMap otel, string address)
    {
        var protocol = otel.RequiredText("protocol") switch
        {
            "grpc" => OtlpExportProtocol.Grpc,
            "http" => OtlpExportProtocol.HttpProtobuf,
            var other => throw otel.Error("protocol", $"protocol '{other}' is neither grpc nor http"),
        };
        var endpoint = Collector.EndpointOf(address, otel.Flag("isSecure") ?? true, protocol, "TRACES")
            ?? throw otel.Error("endpointAddress", $"'{address}' is no address; it is host:port");
        var headers = string.Join(',', otel.Maps("headers").Select(header => $"{header.RequiredText("name")}={header.RequiredText("value")}"));
        if (headers.Length > 0 && !Collector.AreHeaders(headers)) throw otel.Error("headers", "a name is empty, or a value has a comma");
        return options =>
        {
            (options.Endpoint, options.Protocol) = (endpoint, protocol);
            if (headers.Length > 0) options.Headers = headers;
        };
    }

    private static double RateOf(string? text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var rate) ? Math.Clamp(rate, 0, 1) : UnlessSaid;
}
