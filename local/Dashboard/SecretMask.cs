using System.Collections;
using System.Text.RegularExpressions;

namespace DaprShop.Local.Dashboard;

/// <summary>
/// Takes out of a line what must not be seen: the values of settings whose names speak of secrets. No service writes them to its log;
/// this is for the day that one does.
/// </summary>
internal sealed partial class SecretMask
{
    private const string Mask = "••••••";

    /// <summary>Shorter ones would be found in every other word.</summary>
    private const int MinLength = 8;

    private readonly string[] _secrets;

    /// <param name="secrets">Tokens and the like; null for those that are not there.</param>
    /// <param name="settings">Of apps, by name.</param>
    public SecretMask(IEnumerable<string?> secrets, IEnumerable<KeyValuePair<string, string>> settings) => _secrets =
    [
        .. secrets.OfType<string>().Concat(settings.Where(setting => SecretName().IsMatch(setting.Key)).Select(setting => setting.Value))
            .Where(secret => secret.Length >= MinLength).Distinct().OrderByDescending(secret => secret.Length),
    ];

    /// <summary>The variables of this process, which apps inherit.</summary>
    public static IEnumerable<KeyValuePair<string, string>> OwnVariables() => Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
        .Select(variable => KeyValuePair.Create((string)variable.Key, (string?)variable.Value ?? ""));

    public string In(string line)
    {
        foreach (var secret in _secrets)
            if (line.Contains(secret, StringComparison.Ordinal)) line = line.Replace(secret, Mask, StringComparison.Ordinal);
        return line;
    }

    [GeneratedRegex("secret|password|token|apikey|api_key|connectionstring", RegexOptions.IgnoreCase)]
    private static partial Regex SecretName();
}
