using System.Text.RegularExpressions;
using k8s.Models;

namespace DaprShop.Deployment.Tests;

/// <summary>What containers run, as whom, and how much they may take.</summary>
public static partial class ContainerRules
{
    /// <summary>Images whose own user is not root.</summary>
    private static readonly string[] s_rootless =
        ["daprio/daprd:", "daprio/placement:", "daprio/scheduler:", "daprio/sentry:", "daprshop/"];

    private static readonly string[] s_moving = [":latest", ":stable", ":main", ":edge", ":nightly"];

    public static Rule[] All { get; } =
    [
        new("every image has a fixed tag", Tags),
        new("an image has the same tag everywhere", SameTags),
        new("no container runs as root, or can become it", Root),
        new("every container has its limits", Limits),
        new("every container is asked how it is", Probes),
        new("every service can be moved, scaled and replaced", Budgets),
        new("a broker has written what it has answered", Written),
    ];

    private static void Tags(Tree tree, Faults faults)
    {
        foreach (var (place, image) in Images(tree)) faults.When(!IsFixed(image), $"{place}: {image} has no fixed tag");
    }

    private static bool IsFixed(string image)
    {
        var tag = ImageName().Replace(image, "");
        return tag.StartsWith('@') || (tag.Length > 1 && tag[0] == ':' && !s_moving.Contains(tag) && !tag.Contains('$'));
    }

    private static void SameTags(Tree tree, Faults faults)
    {
        var others = Images(tree).Where(image => IsFixed(image.Image) && !image.Image.Contains("daprshop"))
            .Select(image => (image.Place, Name: NameOf(image.Image), Tag: image.Image.Split(':')[^1]));
        foreach (var same in others.GroupBy(image => image.Name))
        {
            var tags = same.GroupBy(image => image.Tag).Select(one => $"{one.Key} in {one.First().Place}").ToList();
            faults.When(tags.Count > 1, $"{same.Key} is {string.Join(", ", tags)}");
        }
    }

    /// <summary>Dapr's images are released together, and run together.</summary>
    private static string NameOf(string image) => image.StartsWith("daprio/") ? "daprio" : image.Split(':')[0];

    private static IEnumerable<(string Place, string Image)> Images(Tree tree) =>
    [
        .. Compose.All(tree).SelectMany(compose => compose.Services.Select(service =>
            ($"{compose.Name}, {service.Key}", Compose.Interpolate(service.Value["image"].Text ?? "none")))),
        .. Cluster.All(tree).SelectMany(cluster => Containers(cluster).Select(found => (found.Place, found.Container.Image ?? "none"))),
        .. Dockerfiles(tree).SelectMany(file => BaseImage().Matches(tree[file]).Select(found => (file, found.Groups[1].Value))),
    ];

    private static IEnumerable<(string Place, V1Container Container, V1PodSpec Pod)> Containers(Cluster cluster) =>
        from one in cluster.Workloads()
        from container in one.Pods.Spec.Containers.Concat(one.Pods.Spec.InitContainers ?? [])
        select ($"{cluster.Path}, {one.Name}/{container.Name}", container, one.Pods.Spec);

    private static void Root(Tree tree, Faults faults)
    {
        foreach (var file in Dockerfiles(tree)) faults.When(!OwnUser().IsMatch(tree[file]), $"{file}: its user is root");
        foreach (var compose in Compose.All(tree))
            foreach (var (name, service) in compose.Services) Root(service, $"{compose.Name}, {name}", faults);
        foreach (var cluster in Cluster.All(tree))
        {
            foreach (var (place, container, pod) in Containers(cluster)) Root(container, pod, place, faults);
            foreach (var service in cluster.Services())
                faults.Is(
                    $"{cluster.Path}, {service.Name()}, sidecar's seccomp profile", "RuntimeDefault",
                    service.Spec.Template.GetAnnotation("dapr.io/sidecar-seccomp-profile-type"));
            foreach (var account in cluster.All<V1ServiceAccount>())
                faults.When(
                    account.AutomountServiceAccountToken is not false,
                    $"{cluster.Path}, ServiceAccount {account.Name()}: has a token for the cluster");
        }
    }

    private static void Root(Yaml service, string place, Faults faults)
    {
        var (user, image) = (service["user"].Text, service["image"].Text ?? "");
        var rootless = user is null ? s_rootless.Any(name => image.StartsWith(name)) : user.Split(':')[0] is not ("root" or "0" or "");
        faults.When(!rootless, $"{place}: runs as root");
        faults.When(service["privileged"].Text == "true", $"{place}: is privileged");
        faults.When(!service["cap_drop"].Texts.Contains("ALL") || service["cap_add"].Exists, $"{place}: keeps capabilities");
        faults.When(!service["security_opt"].Texts.Contains("no-new-privileges:true"), $"{place}: can gain rights");
        faults.When(service["read_only"].Text != "true", $"{place}: can change its image");
    }

    private static void Root(V1Container container, V1PodSpec pod, string place, Faults faults)
    {
        var (whole, own) = (pod.SecurityContext, container.SecurityContext);
        var user = own?.RunAsUser ?? whole?.RunAsUser ?? 0;
        faults.When(user == 0 || whole?.RunAsNonRoot is not true || own?.RunAsNonRoot is false, $"{place}: runs as root");
        faults.When(own?.Privileged is true, $"{place}: is privileged");
        faults.When(
            own?.Capabilities?.Drop?.Contains("ALL") is not true || own.Capabilities.Add is not null, $"{place}: keeps capabilities");
        faults.When(own?.AllowPrivilegeEscalation is not false, $"{place}: can gain rights");
        faults.When(own?.ReadOnlyRootFilesystem is not true, $"{place}: can change its image");
        faults.When(whole?.SeccompProfile?.Type is not "RuntimeDefault", $"{place}: has no seccomp profile");
        faults.When(pod.AutomountServiceAccountToken is not false, $"{place}: has a token for the cluster");
    }

    private static IEnumerable<string> Dockerfiles(Tree tree) => tree.Files("services", "/Dockerfile");

    /// <summary>Kafka's way to say so.</summary>
    private static readonly (string Setting, string Value)[] s_written =
        [("KAFKA_LOG_FLUSH_INTERVAL_MESSAGES", "1"), ("KAFKA_UNCLEAN_LEADER_ELECTION_ENABLE", "false")];

    /// <summary>There is one copy: an event that a crash takes back is lost, and readers that were beyond it may stand still.</summary>
    private static void Written(Tree tree, Faults faults)
    {
        foreach (var compose in Compose.All(tree))
        {
            var redis = string.Join(' ', compose.Services["redis"]["command"].Texts);
            faults.When(!redis.Contains("--appendfsync always"), $"{compose.Name}, redis: may answer before it has written");
            if (!compose.Services.TryGetValue("kafka", out var kafka)) continue;
            foreach (var (setting, value) in s_written)
                faults.When(kafka["environment"][setting].Text != value, $"{compose.Name}, kafka: {setting} is not {value}");
        }
    }

    private static void Limits(Tree tree, Faults faults)
    {
        foreach (var compose in Compose.All(tree))
            foreach (var (name, service) in compose.Services)
                foreach (var limit in new[] { "mem_limit", "cpus", "pids_limit" })
                    faults.When(!service[limit].Exists, $"{compose.Name}, {name}: has no {limit}");
        foreach (var cluster in Cluster.All(tree))
        {
            foreach (var (place, container, _) in Containers(cluster))
            {
                foreach (var kind in new[] { "cpu", "memory" })
                {
                    faults.When(container.Resources?.Limits?.ContainsKey(kind) is not true, $"{place}: has no limit of {kind}");
                    faults.When(container.Resources?.Requests?.ContainsKey(kind) is not true, $"{place}: asks for no {kind}");
                }
            }
            foreach (var service in cluster.Services())
                foreach (var what in new[] { "cpu-request", "cpu-limit", "memory-request", "memory-limit" })
                    faults.When(
                        service.Spec.Template.GetAnnotation($"dapr.io/sidecar-{what}") is null,
                        $"{cluster.Path}, {service.Name()}: its sidecar has no {what}");
            foreach (var (name, pods) in cluster.Workloads())
                foreach (var volume in pods.Spec.Volumes ?? [])
                    faults.When(volume.EmptyDir is { SizeLimit: null }, $"{cluster.Path}, {name}: its folder {volume.Name} has no limit");
        }
    }

    private static void Probes(Tree tree, Faults faults)
    {
        faults.When(!tree["services/Dockerfile"].Contains("\nHEALTHCHECK "), "services/Dockerfile: has no HEALTHCHECK");
        faults.When(
            !tree["services/common/ShopDefaults.cs"].Contains("MapHealthChecks(\"/healthz\")"), "services/common: serves no /healthz");
        foreach (var (place, container, _) in Cluster.All(tree).SelectMany(Containers))
        {
            (string What, V1Probe? Probe)[] probes =
                [("startup", container.StartupProbe), ("readiness", container.ReadinessProbe), ("liveness", container.LivenessProbe)];
            foreach (var (what, probe) in probes)
            {
                faults.When(probe is null, $"{place}: has no {what} probe");
                if (container.Name == "service")
                    faults.Is($"{place}, {what}", "/healthz at http", $"{probe?.HttpGet?.Path} at {probe?.HttpGet?.Port?.Value}");
            }
        }
    }

    private static void Budgets(Tree tree, Faults faults)
    {
        foreach (var cluster in Cluster.All(tree))
        {
            var names = cluster.All<V1Deployment>().Select(one => one.Name()).ToList();
            faults.Same(
                $"{cluster.Path}, HorizontalPodAutoscaler",
                names,
                cluster.All<V2HorizontalPodAutoscaler>().Select(one => one.Spec.ScaleTargetRef.Name));
            faults.Same(
                $"{cluster.Path}, PodDisruptionBudget",
                names,
                cluster.All<V1PodDisruptionBudget>().Select(one => NameIn(one.Spec.Selector.MatchLabels)));
            faults.Same(
                $"{cluster.Path}, Service",
                cluster.Workloads().Select(one => one.Name),
                cluster.All<V1Service>().Select(one => NameIn(one.Spec.Selector)));
            foreach (var scaler in cluster.All<V2HorizontalPodAutoscaler>())
                faults.When(
                    cluster.Path == Tree.Production && scaler.Spec.MinReplicas is null or < 2,
                    $"{cluster.Path}, {scaler.Name()}: may be alone");
            foreach (var deployment in cluster.All<V1Deployment>())
            {
                var (place, pods) = ($"{cluster.Path}, {deployment.Name()}", deployment.Spec.Template);
                faults.When(deployment.Spec.Replicas is not null, $"{place}: says how many it is, and so does its autoscaler");
                faults.When(pods.Spec.TopologySpreadConstraints is not { Count: > 0 }, $"{place}: may be on one node");
                faults.When(
                    !deployment.Spec.Selector.MatchLabels.All(pods.Metadata.Labels.Contains), $"{place}: does not select its own pods");
                faults.When(pods.Spec.EnableServiceLinks is not false, $"{place}: takes other services' addresses for settings");
            }
        }
    }

    private static string NameIn(IDictionary<string, string> labels) => labels["app.kubernetes.io/name"];

    [GeneratedRegex(@"^[\w.-]+(?::\d+(?=/))?(?:/[\w.-]+)*")]
    private static partial Regex ImageName();

    [GeneratedRegex(@"^ARG \w+_IMAGE=(\S+)", RegexOptions.Multiline)]
    private static partial Regex BaseImage();

    [GeneratedRegex(@"^USER (?!0\b|root\b)\w+", RegexOptions.Multiline)]
    private static partial Regex OwnUser();
}
