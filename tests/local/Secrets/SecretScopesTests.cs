using DaprShop.Local.Configuration;
using DaprShop.Local.Secrets;

namespace DaprShop.Local.Tests.Secrets;

/// <summary>Which secrets a scope lets an app have, by daprd's rules (<c>IsSecretAllowed</c> in <c>pkg/config</c>).</summary>
public sealed class SecretScopesTests
{
    [Theory]
    [InlineData("", true, true)]
    [InlineData("defaultAccess: Allow", true, true)]
    [InlineData("defaultAccess: deny", false, false)]
    [InlineData("deniedSecrets: [a]", false, true)]
    [InlineData("defaultAccess: deny, deniedSecrets: [a]", false, false)]
    [InlineData("allowedSecrets: [a]", true, false)]
    [InlineData("defaultAccess: deny, allowedSecrets: [a]", true, false)]
    [InlineData("allowedSecrets: [a], deniedSecrets: [a]", true, false)]
    public void A_scope_allows(string scope, bool a, bool b)
    {
        var scopes = Read($"scopes: [{{ storeName: store{(scope.Length > 0 ? ", " : "")}{scope} }}]");
        Assert.Equal((a, b, true), (scopes.Allow("store", "a"), scopes.Allow("store", "b"), scopes.Allow("other", "b")));
    }

    [Fact]
    public void Without_scopes_all_is_allowed()
    {
        Assert.True(SecretScopes.Read(null).Allow("store", "a"));
        Assert.True(Read("scopes: ").Allow("store", "a"));
    }

    [Theory]
    [InlineData("scopes: [{ storeName: store }, { storeName: store }]", "'store' has a scope already")]
    [InlineData("scopes: [{ defaultAccess: deny }]", "'storeName' is required")]
    [InlineData("scopes: [{ storeName: store, defaultAccess: some }]", "'defaultAccess' must be allow or deny")]
    [InlineData("scopes: [{ storeName: store, allowed: [a] }]", "unknown key 'allowed'")]
    public void What_is_wrong_is_said(string secrets, string message) =>
        Assert.Contains(message, Assert.Throws<ConfigurationError>(() => Read(secrets)).Message, StringComparison.Ordinal);

    private static SecretScopes Read(string secrets)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, $"kind: Configuration\nspec:\n  secrets: {{ {secrets} }}\n");
            return SecretScopes.Read(file);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
