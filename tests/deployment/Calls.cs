using System.Text.RegularExpressions;
using DaprShop.Web;

namespace DaprShop.Deployment.Tests;

/// <summary>One service asks another, as its source says.</summary>
public sealed record Call(string Caller, string Callee, string Verb, string Path);

/// <summary>
/// Who calls whom, read from the services' source. Paths of calls are written without a leading slash, those of endpoints with one.
/// A public path belongs to the service that the gateway gives it to, an internal one to the service of contracts/internal-api.md.
/// </summary>
public static partial class Calls
{
    public static IReadOnlyList<Call> All(Tree tree, IReadOnlyList<string> apps)
    {
        var owners = InternalOwners(tree);
        return [.. apps.SelectMany(caller => Of(caller)).Concat(KeysOfMembers()).Distinct()];

        IEnumerable<Call> Of(string caller) =>
            from file in tree.Files($"services/{caller}", ".cs")
            let text = tree[file]
            from match in CallPath().Matches(text)
            let path = "/" + Hole().Replace(match.Groups[1].Value.Split('?')[0], "x")
            from callee in CalleesOf(path, caller)
            select new Call(caller, callee, VerbBefore(text, match.Index), path);

        IEnumerable<string> CalleesOf(string path, string caller) =>
            path == "/healthz" ? apps.Where(app => app != caller)
            : path.StartsWith("/internal/dead-letters") ? DeadLetterDesk.Services
            : path.StartsWith("/internal/") ? [owners[path.Split('/')[2]]]
            : [Routes.Of(tree)[path]];

        // What services/common does for all of them; members has its own keys at hand.
        IEnumerable<Call> KeysOfMembers() =>
            apps.Where(app => app != "members").Select(app => new Call(app, "members", "GET", "/.well-known/jwks.json"));
    }

    private static Dictionary<string, string> InternalOwners(Tree tree) =>
        InternalRow().Matches(tree["contracts/internal-api.md"])
            .Select(row => (Owner: row.Groups[1].Value, First: row.Groups[2].Value)).Distinct()
            .ToDictionary(row => row.First, row => row.Owner);

    /// <summary>The verb is said before the path, <c>PostAsync(</c> or <c>HttpMethod.Post</c>; GET where nothing is.</summary>
    private static string VerbBefore(string text, int index)
    {
        var verbs = Verb().Matches(text[text.LastIndexOf(';', index)..index]);
        return verbs.Count == 0 ? "GET" : verbs[^1].Groups[1].Value.ToUpperInvariant();
    }

    [GeneratedRegex("\"((?:api/|internal/)[^\"]*|healthz)\"")]
    private static partial Regex CallPath();

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Hole();

    [GeneratedRegex(@"(?:HttpMethod\.|\.)(Get|Post|Put|Delete|Patch)(?:Async|As|\b)")]
    private static partial Regex Verb();

    [GeneratedRegex(@"^\| (\w+) \| `\w+ /internal/([\w-]+)", RegexOptions.Multiline)]
    private static partial Regex InternalRow();
}
