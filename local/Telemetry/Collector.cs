using System.Globalization;
using DaprShop.Local.Configuration;
using OpenTelemetry.Exporter;

namespace DaprShop.Local.Telemetry;

/// <summary>
/// Where what sidecars have to tell is sent, as OpenTelemetry's variables say, by daprd's rules for them.
/// https://opentelemetry.io/docs/specs/otel/protocol/exporter/
/// </summary>
internal static class Collector
{
    private const string EndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>The collector that the variables name for a signal, <c>TRACES</c> or <c>METRICS</c>; null when they name none.</summary>
    /// <exception cref="ConfigurationError">A variable is not as it must be.</exception>
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
        var (headers, timeout) = (Variable("HEADERS"), Milliseconds("OTEL_EXPORTER_OTLP_TIMEOUT", Variable("TIMEOUT")));
        // They may hold a secret, so they are not repeated.
        if (headers is not null && !AreHeaders(headers)) throw new ConfigurationError("OTEL_EXPORTER_OTLP_HEADERS: not name=value,name=value");
        return options =>
        {
            (options.Endpoint, options.Protocol) = (endpoint, protocol);
            if (headers is not null) options.Headers = headers;
            if (timeout is { } limit) options.TimeoutMilliseconds = limit;
        };

        string? Variable(string name) => Of($"OTEL_EXPORTER_OTLP_{signal}_{name}") ?? Of($"OTEL_EXPORTER_OTLP_{name}");

        string? Of(string name) => variables.TryGetValue(name, out var value) && value.Length > 0 ? value : null;
    }

    /// <summary>Null when nothing is said.</summary>
    /// <exception cref="ConfigurationError">What is said is no time.</exception>
    public static int? Milliseconds(string variable, string? value) =>
        string.IsNullOrEmpty(value) ? null
        : int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var time) && time > 0 ? time
        : throw new ConfigurationError($"{variable}: '{value}' is no number of milliseconds");

    public static bool AreHeaders(string text) => text.Split(',').All(header => header.IndexOf('=') > 0);

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
