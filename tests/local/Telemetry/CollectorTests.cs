using DaprShop.Local.Configuration;
using DaprShop.Local.Metrics;
using DaprShop.Local.Telemetry;

namespace DaprShop.Local.Tests.Telemetry;

/// <summary>What an operator may get wrong is one line.</summary>
public sealed class CollectorTests
{
    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "::::")]
    [InlineData("OTEL_EXPORTER_OTLP_TIMEOUT", "-5")]
    [InlineData("OTEL_EXPORTER_OTLP_TIMEOUT", "10s")]
    [InlineData("OTEL_EXPORTER_OTLP_HEADERS", "secret")]
    [InlineData("OTEL_EXPORTER_OTLP_HEADERS", "=secret")]
    [InlineData("OTEL_EXPORTER_OTLP_HEADERS", "a=b,secret")]
    [InlineData("OTEL_METRIC_EXPORT_INTERVAL", "0")]
    [InlineData("OTEL_METRIC_EXPORT_INTERVAL", "soon")]
    public void A_variable_that_is_wrong_is_named_and_no_secret_told(string name, string value)
    {
        var variables = new Dictionary<string, string> { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:1", [name] = value };

        var error = Assert.Throws<ConfigurationError>(() => new SidecarMeter("a", Collector.Named(variables, "METRICS")!, variables).Dispose());

        Assert.StartsWith(name, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_said_of_one_signal_is_for_that_alone()
    {
        var variables = new Dictionary<string, string> { ["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"] = "http://127.0.0.1:1" };
        Assert.NotNull(Collector.Named(variables, "METRICS"));
        Assert.Null(Collector.Named(variables, "TRACES"));
    }
}
