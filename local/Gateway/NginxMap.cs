using System.Text.RegularExpressions;
using DaprShop.Local.Configuration;

namespace DaprShop.Local.Gateway;

/// <summary>
/// A file that nginx includes in a <c>map</c>: lines of <c>~regex value;</c>, tried in order, and <c>default value;</c>.
/// Only case-sensitive regular expressions are read, since nginx compares plain strings without regard to case.
/// </summary>
public sealed partial class NginxMap
{
    private readonly List<(Regex Pattern, string Value)> _entries = [];
    private string _default = "";

    /// <summary>The value of the first line that matches; the default, or "", when none does.</summary>
    public string this[string key]
    {
        get
        {
            foreach (var (pattern, value) in _entries)
                if (pattern.IsMatch(key)) return value;
            return _default;
        }
    }

    /// <exception cref="ConfigurationError">The file is missing, or a line is neither an entry nor a comment.</exception>
    public static NginxMap Read(string file)
    {
        if (!File.Exists(file)) throw new ConfigurationError($"{file}: not found.");
        var map = new NginxMap();
        var number = 0;
        foreach (var line in File.ReadLines(file))
        {
            number++;
            if (Blank().IsMatch(line)) continue;
            if (Entry().Match(line) is not { Success: true } entry || !map.TryAdd(entry.Groups["key"].Value, entry.Groups["value"].Value))
                throw new ConfigurationError($"{file}({number}): expected `~<regex> <value>;` or `default <value>;`.");
        }
        return map;
    }

    private bool TryAdd(string key, string value)
    {
        if (key == "default") _default = value;
        else if (key.StartsWith('~') && !key.StartsWith("~*", StringComparison.Ordinal))
            _entries.Add((new Regex(key[1..], RegexOptions.CultureInvariant), value));
        else return false;
        return true;
    }

    [GeneratedRegex(@"^\s*(#.*)?$")]
    private static partial Regex Blank();

    [GeneratedRegex("""^\s*("(?<key>[^"]+)"|(?<key>[^\s"]+))\s+("(?<value>[^"]*)"|(?<value>[^\s";]+))\s*;\s*(#.*)?$""")]
    private static partial Regex Entry();
}
