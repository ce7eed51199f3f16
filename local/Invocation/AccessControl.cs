using DaprShop.Local.Configuration;
using DaprShop.Local.Hosting;

namespace DaprShop.Local.Invocation;

/// <summary>
/// Who may call what of an app: <c>spec.accessControl</c> of its Configuration, by daprd's rules (<c>pkg/acl</c>). Where daprd knows a
/// caller by its certificate, the runtime knows it by the port it calls from: trust domain <c>public</c>, namespace <c>default</c>.
/// https://docs.dapr.io/operations/configuration/invoke-allowlist/
/// </summary>
public sealed class AccessControl
{
    private const string TrustDomain = "public";
    private const string Namespace = "default";

    /// <summary>Of a call to an app that speaks HTTP which has none, as <c>InvokeService</c> may.</summary>
    private const string NoVerb = "NONE";

    private readonly bool _allows;
    private readonly Dictionary<string, Policy> _policies;
    private readonly bool _speaksGrpc;

    private AccessControl(bool allows, Dictionary<string, Policy> policies, bool speaksGrpc) =>
        (_allows, _policies, _speaksGrpc) = (allows, policies, speaksGrpc);

    /// <summary>Everything is allowed.</summary>
    public static AccessControl None { get; } = new(true, [], false);

    /// <summary>Of the app's Configuration file; no file, no list.</summary>
    /// <param name="file">Its path.</param>
    /// <param name="speaksGrpc">The app does: case matters, and verbs do not.</param>
    /// <exception cref="ConfigurationError">The list is not as it must be.</exception>
    public static AccessControl Read(string? file, bool speaksGrpc) => file is null
        ? None
        : YamlMap.ReadFile(file).Where(document => document.Text("kind") == "Configuration")
            .Select(document => document.Map("spec")?.Map("accessControl")).OfType<YamlMap>()
            .Select(list => Parse(list, speaksGrpc)).FirstOrDefault() ?? None;

    /// <summary>Why the app may not be invoked so; null when it may. An app's own sidecar lets it call itself.</summary>
    /// <param name="caller">Who calls.</param>
    /// <param name="callee">Whose list this is.</param>
    /// <param name="target">What of it.</param>
    /// <param name="verb">E.g. <c>POST</c>; it says nothing to an app that speaks gRPC.</param>
    internal string? Denial(Sidecar caller, Sidecar callee, InvocationTarget target, string verb) =>
        this == None || caller.AppId == callee.AppId ? null : Denial(caller, target.Method, _speaksGrpc ? "" : verb);

    /// <summary>Why the caller may not; null when it may.</summary>
    /// <param name="caller">Who calls.</param>
    /// <param name="method">A clean path without its first slash, not escaped, e.g. <c>orders/7</c>.</param>
    /// <param name="verb">E.g. <c>POST</c>; empty over gRPC.</param>
    public string? Denial(Sidecar caller, string method, string verb) => Allows(caller.AppId, method, verb)
        ? null
        : $"access control policy has denied access to id: spiffe://{TrustDomain}/ns/{Namespace}/{caller.AppId} "
            + $"operation: {method} verb: {(verb.Length == 0 ? NoVerb : verb)}";

    private bool Allows(string caller, string method, string verb)
    {
        if (!_policies.TryGetValue(caller, out var policy)) return _allows;
        if (policy.Operations.Find(method) is not { } found) return policy.Allows ?? _allows;
        // Not even "*" is about no verb, and the policy's own default alone can allow it.
        if (verb == NoVerb) return policy.Allows ?? false;
        return verb.Length == 0 || found.Verbs.Contains(verb) || found.Verbs.Contains("*") ? found.Allows : policy.Allows ?? _allows;
    }

    private static AccessControl Parse(YamlMap list, bool speaksGrpc)
    {
        list.Only("defaultAction", "trustDomain", "policies");
        var policies = list.Maps("policies").Select(policy => ParsePolicy(policy, speaksGrpc)).ToList();
        // Of several for one app in one namespace the last counts, also when it is for another trust domain and so for nobody here.
        var last = policies.Where(policy => policy.Namespace == Namespace).GroupBy(policy => policy.AppId, StringComparer.Ordinal)
            .Select(policies => policies.Last());
        return new AccessControl(
            ActionOf(list) ?? policies.Count == 0,
            last.Where(policy => policy.TrustDomain == TrustDomain).ToDictionary(policy => policy.AppId, StringComparer.Ordinal),
            speaksGrpc);
    }

    private static Policy ParsePolicy(YamlMap policy, bool speaksGrpc)
    {
        policy.Only("appId", "defaultAction", "trustDomain", "namespace", "operations");
        return new Policy(
            policy.RequiredText("appId"),
            policy.RequiredText("trustDomain"),
            policy.RequiredText("namespace"),
            ActionOf(policy),
            PathTree.Of(
                policy.Maps("operations").Select(ParseOperation),
                speaksGrpc ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase));
    }

    private static Operation ParseOperation(YamlMap operation)
    {
        operation.Only("name", "httpVerb", "action");
        var name = operation.RequiredText("name");
        return new Operation(
            name.StartsWith('/') ? name[1..] : name, [.. operation.Texts("httpVerb")],
            Allows(operation, operation.RequiredText("action"), "action"));
    }

    private static bool? ActionOf(YamlMap map) =>
        map.Text("defaultAction") is { Length: > 0 } action ? Allows(map, action, "defaultAction") : null;

    private static bool Allows(YamlMap map, string action, string key) => action.ToLowerInvariant() switch
    {
        "allow" => true,
        "deny" => false,
        _ => throw map.Error(key, $"'{key}' must be allow or deny"),
    };

    /// <param name="AppId">The caller.</param>
    /// <param name="TrustDomain">Of the caller.</param>
    /// <param name="Namespace">Of the caller.</param>
    /// <param name="Allows">What is not said of an operation; null for the list's own default.</param>
    /// <param name="Operations">What is.</param>
    private sealed record Policy(string AppId, string TrustDomain, string Namespace, bool? Allows, PathTree Operations);

    /// <param name="Name">A path without its first slash; a segment may have stars.</param>
    /// <param name="Verbs">HTTP verbs; <c>*</c> for all.</param>
    /// <param name="Allows">Or denies.</param>
    private sealed record Operation(string Name, IReadOnlyList<string> Verbs, bool Allows);

    /// <summary>
    /// Operations by the segments of their paths, in the order of the file (daprd <c>pkg/config/acl_trie.go</c>). The first segment that
    /// fits is the way; the first operation on it counts, for all below it as well.
    /// </summary>
    private sealed class PathTree(string segment, StringComparison comparison)
    {
        private readonly List<PathTree> _children = [];
        private Operation? _operation;

        public static PathTree Of(IEnumerable<Operation> operations, StringComparison comparison)
        {
            var root = new PathTree("", comparison);
            foreach (var operation in operations)
                operation.Name.Split('/').Aggregate(root, (node, part) => node.Child(part))._operation ??= operation;
            return root;
        }

        public Operation? Find(string method)
        {
            var (node, parts) = (this, method.Split('/'));
            for (var at = 0; at < parts.Length; at++)
            {
                var isLast = at == parts.Length - 1;
                node = node.ChildFor(parts[at], isLast);
                if (node is null) return null;
                if (node._operation is not null && (isLast || !node.IsStar)) return node._operation;
            }
            // What is said of "/a/*" is said of "/a" as well.
            return node.ChildFor("*", isLast: true)?._operation;
        }

        /// <summary>It stands for one last segment, <c>**</c> for any number, other stars for a part of one.</summary>
        private bool IsStar => segment == "*";

        private PathTree Child(string part)
        {
            if (_children.Find(child => child.IsNamed(part)) is { } known) return known;
            var child = new PathTree(part, comparison);
            _children.Add(child);
            return child;
        }

        private PathTree? ChildFor(string part, bool isLast) =>
            _children.Find(child => child.IsNamed(part) || (child.IsStar ? isLast : child.IsPatternOf(part)));

        private bool IsNamed(string part) => string.Equals(part, segment, comparison);

        private bool IsPatternOf(string part)
        {
            var pieces = segment.Split('*');
            if (pieces.Length == 1 || !part.StartsWith(pieces[0], comparison)) return false;
            var at = pieces[0].Length;
            foreach (var piece in pieces[1..^1])
            {
                var found = part.IndexOf(piece, at, comparison);
                if (found < 0) return false;
                at = found + piece.Length;
            }
            return part.Length - at >= pieces[^1].Length && part.EndsWith(pieces[^1], comparison);
        }
    }
}
