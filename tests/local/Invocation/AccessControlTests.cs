using DaprShop.Local.Hosting;
using DaprShop.Local.Invocation;

namespace DaprShop.Local.Tests.Invocation;

/// <summary>Which operation of a list counts, by daprd's rules (<c>pkg/acl</c>, <c>pkg/config/acl_trie.go</c>).</summary>
public sealed class AccessControlTests
{
    private const bool Allowed = true;
    private const bool Denied = false;

    [Theory]
    [InlineData("/admin", "admin", Denied)]
    [InlineData("/admin", "admin/users/7", Denied)]
    [InlineData("/admin", "administer", Allowed)]
    [InlineData("/admin/*", "admin", Denied)]
    [InlineData("/admin/*", "admin/users", Denied)]
    [InlineData("/admin/*", "admin/users/7", Allowed)]
    [InlineData("/admin/**", "admin", Denied)]
    [InlineData("/admin/**", "admin/users/7", Denied)]
    [InlineData("/adm*", "admin", Denied)]
    [InlineData("/adm*", "admin/users", Denied)]
    [InlineData("/adm*", "ad", Allowed)]
    [InlineData("/a*n/x", "admin/x", Denied)]
    [InlineData("/a*n/x", "admin/y", Allowed)]
    [InlineData("/a?min*", "admin", Allowed)]
    [InlineData("/*", "", Denied)]
    [InlineData("/**", "", Denied)]
    [InlineData("/", "", Denied)]
    [InlineData("/", "admin", Allowed)]
    [InlineData("admin", "ADMIN", Denied)]
    public void A_path_is_about_what_it_is_about_in_daprd(string name, string method, bool allowed) =>
        Assert.Equal(allowed, Allows(List(("allow", null), (name, "deny")), method, "GET"));

    [Theory]
    [InlineData("/a/**", "deny", "/a/b/c", "allow", "a/b/c", Denied)]
    [InlineData("/a/b/c", "allow", "/a/**", "deny", "a/b/c", Allowed)]
    [InlineData("/a/*", "deny", "/a/b", "allow", "a/b", Denied)]
    [InlineData("/a", "allow", "/a/b", "deny", "a/b", Allowed)]
    [InlineData("/a", "allow", "/A", "deny", "a", Allowed)]
    [InlineData("/A/b", "allow", "/a/c", "allow", "a/c", Allowed)]
    [InlineData("/a/*", "deny", "/a/*/c", "deny", "a/b/c", Allowed)]
    public void The_file_s_order_decides(string first, string says, string second, string contradicts, string method, bool allowed) =>
        Assert.Equal(allowed, Allows(List((says == "deny" ? "allow" : "deny", null), (first, says), (second, contradicts)), method, "GET"));

    [Theory]
    [InlineData("Shut", Denied)]
    [InlineData("shut", Allowed)]
    public void Over_grpc_case_matters_and_verbs_do_not(string method, bool allowed)
    {
        var list = List(("allow", "[POST]"), ("/Shut", "deny"));
        Assert.Equal(allowed, Allows(list, method, "", speaksGrpc: true));
    }

    [Theory]
    [InlineData("defaultAction: allow, ", "NONE", Allowed)]
    [InlineData("defaultAction: deny, ", "NONE", Denied)]
    [InlineData("", "NONE", Denied)]
    [InlineData("", "GET", Allowed)]
    public void No_verb_is_not_any_verb(string otherwise, string verb, bool allowed) => Assert.Equal(allowed, Allows(
        Policies($"appId: caller, {otherwise}trustDomain: public, namespace: default, operations: [{{ name: /x, httpVerb: ['*'], action: allow }}]"),
        "x", verb));

    [Theory]
    [InlineData("defaultAction: deny, trustDomain: public, namespace: default", "defaultAction: allow, trustDomain: public, namespace: default", Allowed)]
    [InlineData("defaultAction: allow, trustDomain: public, namespace: default", "defaultAction: deny, trustDomain: public, namespace: default", Denied)]
    [InlineData("defaultAction: deny, trustDomain: public, namespace: default", "defaultAction: allow, trustDomain: public, namespace: other", Denied)]
    [InlineData("defaultAction: deny, trustDomain: public, namespace: default", "defaultAction: deny, trustDomain: other, namespace: default", Allowed)]
    public void Of_several_policies_for_an_app_in_a_namespace_the_last_counts(string first, string last, bool allowed) =>
        Assert.Equal(allowed, Allows(Policies($"appId: caller, {first}", $"appId: caller, {last}"), "x", "GET"));

    private static string Policies(params string[] policies) => $$"""
        kind: Configuration
        spec:
          accessControl:
            defaultAction: allow
            policies: [{{string.Join(", ", policies.Select(policy => $"{{ {policy} }}"))}}]
        """;

    private static string List((string Otherwise, string? Verbs) policy, params (string Name, string Action)[] operations) => $$"""
        kind: Configuration
        spec:
          accessControl:
            defaultAction: deny
            policies:
              - appId: caller
                defaultAction: {{policy.Otherwise}}
                trustDomain: public
                namespace: default
                operations:
        {{string.Join('\n', operations.Select(operation =>
            $"          - {{ name: '{operation.Name}', httpVerb: {policy.Verbs ?? "['*']"}, action: {operation.Action} }}"))}}
        """;

    private static bool Allows(string list, string method, string verb, bool speaksGrpc = false)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, list);
            using var channel = new AppChannel("caller", null, null);
            return AccessControl.Read(file, speaksGrpc).Denial(new Sidecar("caller", 0, 0, 0, channel, []), method, verb) is null;
        }
        finally
        {
            File.Delete(file);
        }
    }
}
