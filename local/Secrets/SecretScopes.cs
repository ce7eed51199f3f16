using DaprShop.Local.Configuration;

namespace DaprShop.Local.Secrets;

/// <summary>
/// Which secrets an app may have: <c>spec.secrets.scopes</c> of its Configuration, by daprd's rules (<c>pkg/config</c>). Of a store that
/// no scope names, all. https://docs.dapr.io/operations/configuration/secret-scope/
/// </summary>
public sealed class SecretScopes
{
    private readonly Dictionary<string, Scope> _stores;

    private SecretScopes(Dictionary<string, Scope> stores) => _stores = stores;

    /// <summary>Everything is allowed.</summary>
    public static SecretScopes None { get; } = new([]);

    /// <summary>Of the app's Configuration file; no file, no scopes.</summary>
    /// <exception cref="ConfigurationError">They are not as they must be.</exception>
    public static SecretScopes Read(string? file) => file is null
        ? None
        : YamlMap.ReadFile(file).Where(document => document.Text("kind") == "Configuration")
            .Select(document => document.Map("spec")?.Map("secrets")).OfType<YamlMap>()
            .Select(Parse).FirstOrDefault() ?? None;

    /// <summary>Whether the app may have the secret.</summary>
    public bool Allow(string store, string secret) => !_stores.TryGetValue(store, out var scope) || scope.Allows(secret);

    private static SecretScopes Parse(YamlMap secrets)
    {
        var stores = new Dictionary<string, Scope>(StringComparer.Ordinal);
        foreach (var scope in secrets.Only("scopes").Maps("scopes"))
        {
            scope.Only("storeName", "defaultAccess", "allowedSecrets", "deniedSecrets");
            if (!stores.TryAdd(scope.RequiredText("storeName"), ScopeOf(scope)))
                throw scope.Error("storeName", $"'{scope.Text("storeName")}' has a scope already");
        }
        return new SecretScopes(stores);
    }

    private static Scope ScopeOf(YamlMap scope) => new(
        scope.Text("defaultAccess")?.ToLowerInvariant() switch
        {
            null or "" or "allow" => true,
            "deny" => false,
            _ => throw scope.Error("defaultAccess", "'defaultAccess' must be allow or deny"),
        },
        [.. scope.Texts("allowedSecrets")],
        [.. scope.Texts("deniedSecrets")]);

    /// <param name="ByDefault">What is in neither list is allowed.</param>
    /// <param name="Allowed">When there are any, all others are denied.</param>
    /// <param name="Denied">Counts for nothing beside those that are allowed.</param>
    private sealed record Scope(bool ByDefault, HashSet<string> Allowed, HashSet<string> Denied)
    {
        public bool Allows(string secret) => Allowed.Count > 0 ? Allowed.Contains(secret) : ByDefault && !Denied.Contains(secret);
    }
}
