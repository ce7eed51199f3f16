using DaprShop.Local.Configuration;
using DaprShop.Local.Gateway;

namespace DaprShop.Gateway.Tests;

public sealed class NginxMapTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Theory]
    [InlineData("/a", "first")]
    [InlineData("/ab", "first")]
    [InlineData("/b c", "quoted")]
    [InlineData("/nothing", "")]
    [InlineData("/A", "")]
    [InlineData("/c", "rest")]
    public void The_first_entry_that_matches_gives_the_value(string key, string expected)
    {
        var map = Read("""
            # a comment

            ~^/nothing  "";
            ~^/a        first;  # and another
            ~^/ab       second;
            "~^/b c$"   quoted;
              ~^/c$     "rest";
            """);

        Assert.Equal(expected, map[key]);
    }

    [Fact]
    public void The_default_is_for_what_nothing_matches() => Assert.Equal("other", Read("~a one;\ndefault other;")["b"]);

    [Theory]
    [InlineData("~^/a first")]
    [InlineData("/a first;")]
    [InlineData("~*^/a first;")]
    [InlineData("~^/a;")]
    [InlineData("~^/a first; ~^/b second;")]
    public void A_broken_line_is_named(string line)
    {
        var error = Assert.Throws<ConfigurationError>(() => Read("# fine\n" + line));

        Assert.StartsWith($"{_file}(2): ", error.Message);
    }

    [Fact]
    public void A_missing_file_is_named() =>
        Assert.Equal("/nowhere/routes.map: not found.", Assert.Throws<ConfigurationError>(() => NginxMap.Read("/nowhere/routes.map")).Message);

    private NginxMap Read(string text)
    {
        File.WriteAllText(_file, text);
        return NginxMap.Read(_file);
    }
}
