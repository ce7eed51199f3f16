using System.Text.RegularExpressions;

namespace DaprShop.Deployment.Tests;

/// <summary>services/gateway/routes.map: first match wins.</summary>
public sealed partial class Routes
{
    private readonly IReadOnlyList<(Regex Path, string Service)> _entries;

    private Routes(IReadOnlyList<(Regex, string)> entries) => _entries = entries;

    public IEnumerable<string> Services => _entries.Select(entry => entry.Service).Where(service => service.Length > 0).Distinct();

    /// <summary>Empty when nobody answers the path.</summary>
    public string this[string path] => _entries.FirstOrDefault(entry => entry.Path.IsMatch(path)).Service ?? "";

    public static Routes Of(Tree tree) => new([.. Entry().Matches(tree["services/gateway/routes.map"])
        .Select(entry => (new Regex(entry.Groups[1].Value), entry.Groups[2].Value.Trim('"')))]);

    [GeneratedRegex("""^"?~([^\s"]+)"?\s+(\S+);""", RegexOptions.Multiline)]
    private static partial Regex Entry();
}
