using DaprShop.Local.Configuration;
using DaprShop.Local.Errors;
using DaprShop.Local.Hosting;
using Grpc.Core;

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

    private readonly bool _allows;
    private readonly Dictionary<string, Policy> _policies;

    private AccessControl(bool allows, Dictionary<string, Policy> policies) => (_allows, _policies) = (allows, policies);

    /// <summary>Everything is allowed.</summary>
    public static AccessControl None { get; } = new(true, []);

    /// <summary>Of the app's Configuration file; no file, no list.</summary>
    /// <exception cref="ConfigurationError">The list is not as it must be.</exception>
    public static AccessControl Read(string? file) => file is null
        ? None
        : YamlMap.ReadFile(file).Where(document => document.Text("kind") == "Configuration")
            .Select(document => document.Map("spec")?.Map("accessControl")).OfType<YamlMap>().Select(Parse).FirstOrDefault() ?? None;

    /// <summary>Why the caller may not; null when it may.</summary>
    /// <param name="caller">Who calls.</param>
    /// <param name="path">Of the app, e.g. <c>/orders</c>.</param>
    /// <param name="verb">E.g. <c>POST</c>; empty over gRPC.</param>
    public string? Denial(Sidecar caller, string path, string verb)
    {
        var end = path.IndexOf('?');
        return Allows(caller.AppId, end < 0 ? path : path[..end], verb)
            ? null
            : $"access control policy has denied access to id: spiffe://{TrustDomain}/ns/{Namespace}/{caller.AppId} "
                + $"operation: {path.TrimStart('/')} verb: {(verb.Length == 0 ? "NONE" : verb)}";
    }

    /// <exception cref="DaprError">The caller may not.</exception>
    public void Check(Sidecar caller, Sidecar callee, string path, string verb)
    {
        if (Denial(caller, path, verb) is { } denial)
        {
            throw new DaprError(
                StatusCodes.Status403Forbidden, "ERR_DIRECT_INVOKE", StatusCode.PermissionDenied,
                $"failed to invoke, id: {callee.AppId}, err: rpc error: code = PermissionDenied desc = {denial}");
        }
    }

    private bool Allows(string caller, string path, string verb)
    {
        if (!_policies.TryGetValue(caller, out var policy)) return _allows;
        var otherwise = policy.Allows ?? _allows;
        if (policy.Operations.Where(operation => operation.Matches(path)).MaxBy(operation => operation.Name.Length) is not { } found)
            return otherwise;
        return verb.Length == 0 || found.Verbs.Contains(verb) || found.Verbs.Contains("*") ? found.Allows : otherwise;
    }

    private static AccessControl Parse(YamlMap list)
    {
        list.Only("defaultAction", "trustDomain", "policies");
        var policies = list.Maps("policies").Select(ParsePolicy).ToList();
        return new AccessControl(
            ActionOf(list) ?? policies.Count == 0,
            policies.Where(policy => policy.IsHere).ToDictionary(policy => policy.AppId, StringComparer.Ordinal));
    }

    private static Policy ParsePolicy(YamlMap policy)
    {
        policy.Only("appId", "defaultAction", "trustDomain", "namespace", "operations");
        return new Policy(
            policy.RequiredText("appId"),
            policy.RequiredText("trustDomain") == TrustDomain & policy.RequiredText("namespace") == Namespace,
            ActionOf(policy),
            [.. policy.Maps("operations").Select(ParseOperation)]);
    }

    private static Operation ParseOperation(YamlMap operation)
    {
        operation.Only("name", "httpVerb", "action");
        return new Operation(
            "/" + operation.RequiredText("name").TrimStart('/'), [.. operation.Texts("httpVerb")],
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
    /// <param name="IsHere">Its trust domain and namespace are those of this machine.</param>
    /// <param name="Allows">What is not said of an operation; null for the list's own default.</param>
    /// <param name="Operations">What is.</param>
    private sealed record Policy(string AppId, bool IsHere, bool? Allows, IReadOnlyList<Operation> Operations);

    /// <param name="Name">A path; <c>/*</c> at its end stands for one segment, <c>/**</c> for any number.</param>
    /// <param name="Verbs">HTTP verbs; <c>*</c> for all.</param>
    /// <param name="Allows">Or denies.</param>
    private sealed record Operation(string Name, IReadOnlyList<string> Verbs, bool Allows)
    {
        public bool Matches(string path)
        {
            if (Name.EndsWith("/**", StringComparison.Ordinal)) return path.StartsWith(Name[..^2], StringComparison.OrdinalIgnoreCase);
            if (!Name.EndsWith("/*", StringComparison.Ordinal)) return path.Equals(Name, StringComparison.OrdinalIgnoreCase);
            return path.StartsWith(Name[..^1], StringComparison.OrdinalIgnoreCase) && path.IndexOf('/', Name.Length - 1) < 0;
        }
    }
}
