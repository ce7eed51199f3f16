namespace DaprShop.Members.Tests;

public sealed class EmailAddressTests
{
    [Theory]
    [InlineData("ada@example.com")]
    [InlineData("  ada@example.com ")]
    [InlineData("Ada.Lovelace+shop@mail.example.co.uk")]
    [InlineData("o'hara_x@ex-ample.org")]
    public void Accepts_what_mail_can_go_to(string text)
    {
        Assert.True(EmailAddress.TryParse(text, out var address));
        Assert.Equal(text.Trim(), address.Text);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("ada")]
    [InlineData("@example.com")]
    [InlineData("ada@")]
    [InlineData("ada@localhost")]
    [InlineData("ada@-example.com")]
    [InlineData("ada@example..com")]
    [InlineData("ada lovelace@example.com")]
    [InlineData("ada@example.com\nBcc: all@example.com")]
    [InlineData("ada@exаmple.com")] // a Cyrillic letter
    [InlineData("ada@b@example.com")]
    public void Refuses_the_rest(string? text) => Assert.False(EmailAddress.TryParse(text, out _));

    [Fact]
    public void Refuses_what_is_too_long()
    {
        var domain = string.Join('.', Enumerable.Repeat(new string('d', 60), 4)) + ".example.com";
        Assert.False(EmailAddress.TryParse($"ada@{domain}", out _));
        Assert.False(EmailAddress.TryParse($"{new string('a', 65)}@example.com", out _));
    }

    [Fact]
    public void Is_the_same_address_in_any_case_and_never_prints_itself()
    {
        var one = EmailAddress.Parse("Ada@Example.com");
        Assert.Equal(EmailAddress.Parse("aDA@eXAMPLE.COM").Key, one.Key);
        Assert.NotEqual(EmailAddress.Parse("adb@example.com").Key, one.Key);
        Assert.DoesNotContain("da", $"{one} {one.Key}".Replace("address", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }
}
