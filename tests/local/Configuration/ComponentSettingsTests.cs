using DaprShop.Local.Configuration;

namespace DaprShop.Local.Tests.Configuration;

/// <summary>Settings as daprd reads them.</summary>
public sealed class ComponentSettingsTests
{
    [Theory]
    [InlineData("100", 100L)]
    [InlineData("1k", 1_000L)]
    [InlineData("10Ki", 10_240L)]
    [InlineData("1.5Mi", 1_572_864L)]
    [InlineData("1e3", 1_000L)]
    [InlineData("2E", 2_000_000_000_000_000_000)]
    [InlineData("-1", -1L)]
    [InlineData("", null)]
    public void Sizes(string text, long? bytes) => Assert.Equal(bytes, Settings(text).Bytes("setting"));

    [Theory]
    [InlineData("much")]
    [InlineData("1.5")]
    [InlineData("9Ei")]
    [InlineData("1 Mi")]
    public void What_is_no_size_is_told(string text)
    {
        var error = Assert.Throws<ConfigurationError>(() => Settings(text).Bytes("setting"));
        Assert.Equal($"a.yaml: component a: setting must be a size such as 10Mi: '{text}'", error.Message);
    }

    [Theory]
    [InlineData("15", 15_000)]
    [InlineData("-1", -1_000)]
    [InlineData("250ms", 250)]
    public void Durations(string text, int milliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), Settings(text).Duration("setting"));

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("x-{appID}-{namespace}", "x-basket-default.basket")]
    public void Settings_name_the_app(string text, string expected) => Assert.Equal(expected, Spec(text).Of("basket").Metadata["SETTING"]);

    [Theory]
    [InlineData("{uuid}")]
    [InlineData("a{podName}")]
    public void What_cannot_be_named_is_told(string text)
    {
        var error = Assert.Throws<ConfigurationError>(() => Spec(text).Of("basket"));
        Assert.Equal($"a.yaml: component a: {text.TrimStart('a')} in setting is not served by the local runtime", error.Message);
    }

    private static ComponentSettings Settings(string text) => new(Spec(text));

    private static ComponentSpec Spec(string text) => new(
        "a", "bindings.http", "v1",
        new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase) { ["setting"] = text }, [], "a.yaml");
}
