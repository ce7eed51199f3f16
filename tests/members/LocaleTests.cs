namespace DaprShop.Members.Tests;

public sealed class LocaleTests
{
    [Theory]
    [InlineData("en", "en")]
    [InlineData("EN-us", "en-US")]
    [InlineData("zh-hant-tw", "zh-Hant-TW")]
    [InlineData("es-419", "es-419")]
    [InlineData("de-DE-1996", "de-DE-1996")]
    [InlineData("sl-rozaj-biske", "sl-rozaj-biske")]
    public void Accepts_language_tags_in_any_case(string tag, string normal)
    {
        Assert.True(Locale.TryNormalize(tag, out var result));
        Assert.Equal(normal, result);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("e")]
    [InlineData("english")]
    [InlineData("en_US")]
    [InlineData("en-")]
    [InlineData("en-US-")]
    [InlineData("../../etc")]
    [InlineData("en-US\n")]
    public void Refuses_the_rest(string? tag) => Assert.False(Locale.TryNormalize(tag, out _));
}
