using System.Globalization;
using DaprShop.Local.Configuration;
using OpenTelemetry.Exporter;

namespace DaprShop.Local.Tracing;

/// <summary>
/// Where what sidecars have to tell is sent, as OpenTelemetry's variables say, by daprd's rules for them.
/// https://opentelemetry.io/docs/specs/otel/protocol/exporter/
/// </summary>
internal static class Collector
{
    private const string EndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>The collector that the variables name for a signal, <c>TRACES</c> or <c>METRICS</c>; null when they name none.</summary>
    public static Action<OtlpExporterOptions>? Named(IReadOnlyDictionary<string, string> variables, string signal)
    {
        if ((Variable("ENDPOINT") ?? "").Trim() is not { Length: > 0 } address) return null;
        var isOwn = variables.ContainsKey($"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT");
        var protocol = Variable("PROTOCOL")?.StartsWith("http", StringComparison.Ordinal) == true
            ? OtlpExportProtocol.HttpProtobuf
            : OtlpExportProtocol.Grpc;
        // daprd takes no notice of http:// and speaks TLS to it all the same; the services beside it do what the address says.
        var isSecure = !address.StartsWith("http://", StringComparison.OrdinalIgnoreCase) && Variable("INSECURE") != "true";
        var endpoint = EndpointOf(address, isSecure, protocol, isOwn ? null : signal)
            ?? throw new ConfigurationError($"{EndpointVariable}: '{address}' is no address");
        return options =>
        {
            (options.Endpoint, options.Protocol) = (endpoint, protocol);
            if (Variable("HEADERS") is { } headers) options.Headers = headers;
            if (int.TryParse(Variable("TIMEOUT"), CultureInfo.InvariantCulture, out var timeout)) options.TimeoutMilliseconds = timeout;
        };

        string? Variable(string name) => Of($"OTEL_EXPORTER_OTLP_{signal}_{name}") ?? Of($"OTEL_EXPORTER_OTLP_{name}");

        string? Of(string name) => variables.TryGetValue(name, out var value) && value.Length > 0 ? value : null;
    }

    /// <param name="address">With a scheme or without.</param>
    /// <param name="isSecure">Over TLS.</param>
    /// <param name="protocol">Over HTTP, each signal has a path.</param>
    /// <param name="signal">Null when the address has that path already.</param>
    public static Uri? EndpointOf(string address, bool isSecure, OtlpExportProtocol protocol, string? signal)
    {
        var bare = address[(address.IndexOf("://", StringComparison.Ordinal) is >= 0 and var scheme ? scheme + 3 : 0)..].TrimEnd('/');
        var path = protocol == OtlpExportProtocol.HttpProtobuf && signal is not null ? $"/v1/{signal.ToLowerInvariant()}" : "";
        return Uri.TryCreate($"{(isSecure ? "https" : "http")}://{bare}{path}", UriKind.Absolute, out var endpoint) ? endpoint : null;
    }
}
