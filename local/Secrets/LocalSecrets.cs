using System.Collections;
using System.Text.Json;
using DaprShop.Local.Configuration;

namespace DaprShop.Local.Secrets;

/// <summary>A secret store of this machine. A secret is a set of keys and values; most have one, named like the secret.</summary>
public interface ILocalSecrets
{
    /// <summary>The secret; null when there is none.</summary>
    IReadOnlyDictionary<string, string>? Get(string name);

    IReadOnlyDictionary<string, Dictionary<string, string>> All();
}

public static class LocalSecrets
{
    public const string TypePrefix = "secretstores.";

    /// <summary>Opens <c>secretstores.local.env</c> or <c>secretstores.local.file</c>.</summary>
    public static ILocalSecrets Open(ComponentSpec component) => component.Type switch
    {
        "secretstores.local.env" => new EnvironmentSecrets(component.Metadata.GetValueOrDefault("prefix", "")),
        "secretstores.local.file" => FileSecrets.Read(component),
        _ => throw new ConfigurationError(
            $"{component.Source}: {component.Type} is not served locally; use secretstores.local.env or secretstores.local.file"),
    };
}

/// <summary>Environment variables of this process, but for those that hold Dapr's own tokens and settings.</summary>
internal sealed class EnvironmentSecrets(string prefix) : ILocalSecrets
{
    /// <summary>An unset variable is an empty secret, as in Dapr.</summary>
    public IReadOnlyDictionary<string, string> Get(string name) => Single(
        name, MayRead(prefix + name) ? Environment.GetEnvironmentVariable(prefix + name) ?? "" : "");

    public IReadOnlyDictionary<string, Dictionary<string, string>> All() => Environment.GetEnvironmentVariables()
        .Cast<DictionaryEntry>()
        .Select(variable => (Name: (string)variable.Key, Value: (string?)variable.Value ?? ""))
        .Where(variable => variable.Name.Length > prefix.Length && variable.Name.StartsWith(prefix, StringComparison.Ordinal))
        .Where(variable => MayRead(variable.Name))
        .ToDictionary(variable => variable.Name[prefix.Length..], variable => Single(variable.Name[prefix.Length..], variable.Value));

    private static bool MayRead(string variable) =>
        !variable.Equals("APP_API_TOKEN", StringComparison.OrdinalIgnoreCase)
        && !variable.StartsWith("DAPR_", StringComparison.OrdinalIgnoreCase);

    private static Dictionary<string, string> Single(string name, string value) => new() { [name] = value };
}

/// <summary>A JSON file; nested objects become <c>outer:inner</c>, or with <c>multiValued</c> secrets of several keys.</summary>
internal sealed class FileSecrets(IReadOnlyDictionary<string, Dictionary<string, string>> secrets) : ILocalSecrets
{
    public IReadOnlyDictionary<string, string>? Get(string name) => secrets.GetValueOrDefault(name);

    public IReadOnlyDictionary<string, Dictionary<string, string>> All() => secrets;

    public static FileSecrets Read(ComponentSpec component)
    {
        if (!component.Metadata.TryGetValue("secretsFile", out var file) || file.Length == 0)
            throw new ConfigurationError($"{component.Source}: component '{component.Name}' needs the setting 'secretsFile'");
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(file));
            var separator = component.Metadata.GetValueOrDefault("nestedSeparator") is { Length: > 0 } own ? own : ":";
            var multiValued = new ComponentSettings(component).Flag("multiValued");
            return new FileSecrets(multiValued ? MultiValued(json.RootElement, separator) : Flat(json.RootElement, separator));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException)
        {
            throw new ConfigurationError($"{component.Source}: secretsFile '{file}' cannot be read: {error.Message}");
        }
    }

    private static Dictionary<string, Dictionary<string, string>> Flat(JsonElement root, string separator) =>
        LastOfEach(Flatten(root, "", separator).Select(leaf => KeyValuePair.Create(leaf.Key, LastOfEach([leaf]))));

    private static Dictionary<string, Dictionary<string, string>> MultiValued(JsonElement root, string separator) =>
        LastOfEach(root.EnumerateObject().Where(secret => secret.Value.ValueKind is JsonValueKind.Object or JsonValueKind.String)
            .Select(secret => KeyValuePair.Create(
                secret.Name,
                LastOfEach(Flatten(secret.Value, secret.Value.ValueKind == JsonValueKind.Object ? "" : secret.Name, separator)))));

    /// <summary>Of a key that is there twice, the last, as Go reads JSON.</summary>
    private static Dictionary<string, T> LastOfEach<T>(IEnumerable<KeyValuePair<string, T>> pairs)
    {
        var last = new Dictionary<string, T>();
        foreach (var (key, value) in pairs) last[key] = value;
        return last;
    }

    private static IEnumerable<KeyValuePair<string, string>> Flatten(JsonElement element, string path, string separator)
    {
        string Under(string name) => path.Length == 0 ? name : path + separator + name;
        return element.ValueKind switch
        {
            JsonValueKind.Object => element.EnumerateObject().SelectMany(child => Flatten(child.Value, Under(child.Name), separator)),
            JsonValueKind.Array => element.EnumerateArray().SelectMany((child, i) => Flatten(child, Under($"{i}"), separator)),
            _ => [new(path, element.ToString())],
        };
    }
}
