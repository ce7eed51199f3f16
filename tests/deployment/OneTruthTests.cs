using DaprShop.Testing;

namespace DaprShop.Deployment.Tests;

/// <summary>
/// dapr.yaml, compose, nginx, Kubernetes, workflows and README say the same of the shop, and nothing that must not be said. Each rule is
/// also tried on a copy that breaks it: a rule that cannot fail is none.
/// </summary>
public sealed class OneTruthTests
{
    private static readonly Rule[] s_rules =
        [.. ServiceRules.All, .. ContainerRules.All, .. ResourceRules.All, .. DeliveryRules.All, .. UpdateRules.All, .. MetricRules.All];

    public static TheoryData<string> Rules() => [.. s_rules.Select(rule => rule.Name)];

    public static TheoryData<int> AllBreaks() => [.. Enumerable.Range(0, Breaks.All.Count)];

    [Theory]
    [MemberData(nameof(Rules))]
    public void Holds(string rule) => Assert.Empty(Named(rule).FaultsOf(Tree.AsItIs));

    [Theory]
    [MemberData(nameof(AllBreaks))]
    public void Is_found_when_broken(int at)
    {
        var broken = Breaks.All[at];
        var faults = Named(broken.Rule).FaultsOf(Tree.AsItIs.With(broken.File, broken.Old, broken.New));
        Assert.Contains(faults, fault => fault.Contains(broken.Finds));
    }

    [Fact]
    public void Every_rule_is_broken_once_at_least() =>
        Assert.Equal(s_rules.Select(rule => rule.Name).Order(), Breaks.All.Select(broken => broken.Rule).Distinct().Order());

    [Fact]
    public void Every_overlay_is_what_Kubernetes_takes()
    {
        var overlays = Directory.GetDirectories(Path.Combine(Repository.Root, "deploy/k8s/overlays"));
        Assert.All(overlays, overlay => Assert.Empty(Cluster.Read(overlay, Kustomize.Render(overlay)).Faults));
    }

    private static Rule Named(string name) => s_rules.Single(rule => rule.Name == name);
}
