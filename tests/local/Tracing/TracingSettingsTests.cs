using DaprShop.Local.Configuration;
using DaprShop.Local.Tracing;
using OpenTelemetry.Exporter;

namespace DaprShop.Local.Tests.Tracing;

public sealed class TracingSettingsTests
{
    [Theory]
    [InlineData("samplingRate: '1'", null, null)]
    [InlineData("otel: { endpointAddress: 'c:4317', isSecure: false, protocol: grpc }", "http://c:4317/", 1e-4)]
    [InlineData("samplingRate: '0.5'\n    otel: { endpointAddress: 'c:4317', protocol: grpc }", "https://c:4317/", 0.5)]
    [InlineData("samplingRate: '7'\n    otel: { endpointAddress: 'c:4318', isSecure: false, protocol: http }", "http://c:4318/v1/traces", 1.0)]
    [InlineData("samplingRate: '0'\n    otel: { endpointAddress: 'c:4317', protocol: grpc }", null, null)]
    public void A_configuration_says_where_to_and_how_much(string tracing, string? endpoint, double? rate) =>
        AssertSettings(Read(tracing), endpoint, rate);

    [Theory]
    [InlineData("http://c:4317", null, "http://c:4317/")]
    [InlineData("https://c:4317", null, "https://c:4317/")]
    [InlineData("c:4317", null, "https://c:4317/")]
    [InlineData("http://c:4318/", "http/protobuf", "http://c:4318/v1/traces")]
    public void So_does_the_environment(string address, string? protocol, string endpoint)
    {
        var variables = new Dictionary<string, string> { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = address };
        if (protocol is not null) variables["OTEL_EXPORTER_OTLP_PROTOCOL"] = protocol;
        AssertSettings(TracingSettings.Read(null, variables), endpoint, 1);
    }

    [Fact]
    public void Nothing_said_is_nothing_sent() => Assert.Null(TracingSettings.Read(null, new Dictionary<string, string>()));

    [Theory]
    [InlineData("otel: { endpointAddress: 'c:4317', protocol: smoke }")]
    [InlineData("otel: { endpointAddress: 'c:4317' }")]
    [InlineData("otel: { endpointAddress: 'not an address', protocol: grpc }")]
    [InlineData("sampling: '1'")]
    public void A_mistake_is_told_with_its_line(string tracing) =>
        Assert.Matches(@"tracing\.yaml:\d+: ", Assert.Throws<ConfigurationError>(() => Read(tracing)).Message);

    [Fact]
    public void Headers_that_are_none_are_told() => Assert.Throws<ConfigurationError>(
        () => Read("otel: { endpointAddress: here:1, protocol: grpc, headers: [{ name: a, value: 'b,c' }] }"));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("AAA")]
    [InlineData("!!!!")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public void What_is_no_binary_context_is_none(string? header) => Assert.Null(TraceBinary.ToTraceParent(header));

    [Theory]
    [InlineData("")]
    [InlineData("=")]
    public void A_binary_context_says_the_same(string padding)
    {
        const string Parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        Assert.Equal(Parent, TraceBinary.ToTraceParent(Convert.ToBase64String(TraceBinary.Of(Parent)!).TrimEnd('=') + padding));
    }

    private static TracingSettings? Read(string tracing)
    {
        var folder = Directory.CreateTempSubdirectory("tracing-").FullName;
        var file = Path.Combine(folder, "tracing.yaml");
        File.WriteAllText(file, $"apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: {{ name: a }}\nspec:\n  tracing:\n    {tracing}\n");
        try
        {
            return TracingSettings.Read(file, new Dictionary<string, string>());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void AssertSettings(TracingSettings? settings, string? endpoint, double? rate)
    {
        var options = new OtlpExporterOptions();
        settings?.Exporter(options);
        Assert.Equal((endpoint, rate), (settings is null ? null : $"{options.Endpoint}", settings?.SamplingRate));
    }
}
