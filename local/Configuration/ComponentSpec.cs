namespace DaprShop.Local.Configuration;

/// <summary>One Dapr component as its YAML file describes it, secrets resolved.</summary>
/// <param name="Name">What apps call it, e.g. <c>ordering-store</c>.</param>
/// <param name="Type">E.g. <c>state.sqlite</c>.</param>
/// <param name="Version">E.g. <c>v1</c>.</param>
/// <param name="Metadata">Settings; names compare case-insensitively, as in Dapr.</param>
/// <param name="Scopes">The app ids that may use it; empty means all.</param>
/// <param name="Source">File and line, for error messages.</param>
public sealed record ComponentSpec(
    string Name, string Type, string Version, IReadOnlyDictionary<string, string> Metadata, IReadOnlyList<string> Scopes, string Source)
{
    private static readonly string[] s_unserved = ["{uuid}", "{podName}"];

    /// <summary>As one app has it: <c>{appID}</c> and <c>{namespace}</c> in settings are the app's.</summary>
    /// <exception cref="ConfigurationError">A setting has a place for what there is not.</exception>
    public ComponentSpec Of(string appId)
    {
        foreach (var (name, value) in Metadata)
            foreach (var unserved in s_unserved)
                if (value.Contains(unserved, StringComparison.Ordinal))
                    throw new ConfigurationError($"{Source}: component {Name}: {unserved} in {name} is not served by the local runtime");
        if (Metadata.Values.All(value => Filled(value) == value)) return this;
        return this with
        {
            Metadata = Metadata.ToDictionary(setting => setting.Key, setting => Filled(setting.Value), StringComparer.OrdinalIgnoreCase),
        };

        string Filled(string value) => value
            .Replace("{namespace}", "default." + appId, StringComparison.Ordinal).Replace("{appID}", appId, StringComparison.Ordinal);
    }

    public bool IsFor(string appId) => Scopes.Count == 0 || Scopes.Contains(appId, StringComparer.Ordinal);
}
