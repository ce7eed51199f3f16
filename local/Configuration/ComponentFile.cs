using DaprShop.Local.Secrets;

namespace DaprShop.Local.Configuration;

/// <summary>A component as written: some settings may still name a secret or an environment variable.</summary>
internal sealed record ComponentDraft(
    string Name, string Type, string Version, IReadOnlyList<Setting> Settings, string? SecretStore, IReadOnlyList<string> Scopes,
    YamlMap Body);

/// <summary>A setting is a value, or the name of a secret, or that of an environment variable.</summary>
internal sealed record Setting(string Name, string? Value, string? SecretName, string? SecretKey, string? Variable, YamlMap Source);

/// <summary>The form of a <c>Component</c> document.</summary>
internal static class ComponentFile
{
    public static ComponentDraft Parse(ResourceDocument document)
    {
        var spec = document.Body.RequiredMap("spec").Only("type", "version", "metadata", "ignoreErrors", "initTimeout");
        return new ComponentDraft(
            document.Name,
            spec.RequiredText("type"),
            spec.RequiredText("version"),
            [.. spec.Maps("metadata").Select(ParseSetting)],
            document.Body.Map("auth")?.Only("secretStore").RequiredText("secretStore"),
            document.Scopes,
            document.Body);
    }

    private static Setting ParseSetting(YamlMap map)
    {
        map.Only("name", "value", "secretKeyRef", "envRef");
        var secret = map.Map("secretKeyRef")?.Only("name", "key");
        var name = map.RequiredText("name");
        return new Setting(
            name, map.Text("value"), secret?.RequiredText("name"), secret?.Text("key") ?? secret?.Text("name"), map.Text("envRef"), map);
    }
}

/// <summary>Gives components their secrets: from the environment, or from a JSON file, by way of the secret store they name.</summary>
internal sealed class ComponentSecrets(IReadOnlyList<ComponentDraft> components)
{
    public ComponentSpec Resolve(ComponentDraft draft)
    {
        var metadata = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var setting in draft.Settings)
            metadata[setting.Name] = ValueOf(setting, draft);
        return new ComponentSpec(draft.Name, draft.Type, draft.Version, metadata, draft.Scopes, draft.Body.Source);
    }

    private string ValueOf(Setting setting, ComponentDraft draft) => setting switch
    {
        { Variable: { } variable } => Environment.GetEnvironmentVariable(variable)
            ?? throw setting.Source.Error("envRef", $"the environment variable {variable} of setting '{setting.Name}' is not set"),
        { SecretName: { } name } => Secret(draft, setting, name, setting.SecretKey!),
        _ => setting.Value ?? "",
    };

    private string Secret(ComponentDraft draft, Setting setting, string name, string key)
    {
        if (draft.SecretStore is not { } storeName)
        {
            throw setting.Source.Error(
                "secretKeyRef", $"setting '{setting.Name}' needs a secret, but the component names no store: add auth.secretStore");
        }
        var store = components.Where(component => component.Type.StartsWith(LocalSecrets.TypePrefix, StringComparison.Ordinal))
            .FirstOrDefault(component => component.Name == storeName)
            ?? throw draft.Body.Error("auth", $"there is no secret store '{storeName}'");
        return LocalSecrets.Open(Resolve(store)).Get(name)?.GetValueOrDefault(key)
            ?? throw setting.Source.Error("secretKeyRef", $"the secret store '{storeName}' has no secret '{name}' with key '{key}'");
    }
}
