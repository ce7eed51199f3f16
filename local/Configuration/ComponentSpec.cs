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
    public bool IsFor(string appId) => Scopes.Count == 0 || Scopes.Contains(appId, StringComparer.Ordinal);
}
