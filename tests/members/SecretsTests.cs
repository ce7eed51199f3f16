using DaprShop.Common;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting.Internal;

namespace DaprShop.Members.Tests;

/// <summary>Passwords, keys at rest and the staff password.</summary>
public sealed class SecretsTests
{
    private const string OneKey = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    private const string OtherKey = "BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    [Fact]
    public async Task Passwords_are_hashed_with_salt_and_checked()
    {
        using var passwords = new Passwords(Settings(("Passwords:Iterations", "1000")));
        using var place = passwords.Enter();
        var hash = await place.HashAsync("correct horse", default);
        Assert.NotEqual(hash, await place.HashAsync("correct horse", default));
        Assert.Equal(PasswordVerificationResult.Success, await place.VerifyAsync(hash, "correct horse", default));
        Assert.Equal(PasswordVerificationResult.Failed, await place.VerifyAsync(hash, "correct hors", default));
        Assert.Equal(PasswordVerificationResult.Failed, await place.VerifyAsync(null, "correct horse", default));
    }

    [Fact]
    public void A_flood_of_hashes_is_turned_away()
    {
        using var passwords = new Passwords(Settings(("Passwords:AtOnce", "1"), ("Passwords:Queue", "2")));
        var places = Enumerable.Range(0, 3).Select(_ => passwords.Enter()).ToList();
        Assert.Throws<BusyException>(passwords.Enter);
        places[1].Dispose();
        passwords.Enter().Dispose();
    }

    [Fact]
    public void Keys_at_rest_open_with_their_key_and_name_only()
    {
        var secret = "private"u8.ToArray();
        var box = Under(OneKey).Protect(secret, "kid");
        Assert.DoesNotContain(Convert.ToBase64String(secret), box, StringComparison.Ordinal);
        Assert.Equal(secret, Under(OneKey).Unprotect(box, "kid"));
        Assert.Null(Under(OneKey).Unprotect(box, "another"));
        Assert.Null(Under(OtherKey).Unprotect(box, "kid"));
        Assert.Null(Under(null).Unprotect(box, "kid"));
    }

    [Fact]
    public void Keys_from_before_there_was_protection_still_open()
    {
        var plain = Under(null).Protect([1, 2, 3], "kid");
        Assert.Equal([1, 2, 3], Under(OneKey).Unprotect(plain, "kid"));
    }

    private static KeyProtection Under(string? key, string environment = "Development") => new(
        Settings(("Members:KeyProtection", key)), "Members:KeyProtection", new HostingEnvironment { EnvironmentName = environment });

    [Theory]
    [InlineData("short")]
    [InlineData("AAAA")]
    public void A_protection_key_of_the_wrong_size_is_an_error_at_start(string key) =>
        Assert.Throws<InvalidOperationException>(() => Under(key));

    [Fact]
    public void Keys_lie_open_in_development_only()
    {
        Assert.False(Under(null).IsOn);
        var error = Assert.Throws<InvalidOperationException>(() => Under(null, "Production"));
        Assert.StartsWith("Members__KeyProtection is required", error.Message, StringComparison.Ordinal);
        Assert.True(Under(OneKey, "Production").IsOn);
    }

    [Theory]
    [InlineData("Development", null, "Staff-1234!")]
    [InlineData("Development", "Something-else", "Something-else")]
    [InlineData("Production", "Something-else", "Something-else")]
    public void The_staff_password_is_the_configured_one(string environment, string? configured, string expected) =>
        Assert.Equal(expected, Staff(environment, configured).Value);

    [Theory]
    [InlineData("Production", null)]
    [InlineData("Production", "Staff-1234!")]
    [InlineData("Production", "short")]
    [InlineData("Development", "short")]
    public void The_default_staff_password_is_for_development_only(string environment, string? configured)
    {
        var error = Assert.Throws<InvalidOperationException>(() => Staff(environment, configured));
        Assert.StartsWith("Shop__StaffPassword ", error.Message, StringComparison.Ordinal);
    }

    private static StaffPassword Staff(string environment, string? password) =>
        new(Settings(("Shop:StaffPassword", password)), new HostingEnvironment { EnvironmentName = environment });

    private static IConfiguration Settings(params (string Key, string? Value)[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, setting.Value)))
        .Build();
}
