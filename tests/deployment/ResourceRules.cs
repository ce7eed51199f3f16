using System.Text.RegularExpressions;
using k8s.Models;

namespace DaprShop.Deployment.Tests;

/// <summary>Dapr's components and policies, the secrets they need, and whether files say only what their kind may say.</summary>
public static partial class ResourceRules
{
    /// <summary>The settings of each type of component in use, those that must be there first.</summary>
    private static readonly Dictionary<string, (string[] Required, string[] Optional)> s_settings = new(StringComparer.Ordinal)
    {
        ["state.sqlite v1"] = (["connectionString"], ["actorStateStore"]),
        ["state.postgresql v2"] = (["connectionString"], ["password", "maxConns", "actorStateStore"]),
        ["state.redis v1"] = (["redisHost", "redisUsername", "redisPassword"], ["enableTLS"]),
        ["pubsub.redis v1"] = (
            ["redisHost"],
            [
                "redisUsername", "redisPassword", "enableTLS", "concurrency", "streamTTL", "poolSize", "publishingScopes",
                "subscriptionScopes",
            ]),
        ["secretstores.local.env v1"] = ([], []),
    };

    public static Rule[] All { get; } =
    [
        new("files say what their kind may say, no more", Kinds),
        new("every component is scoped, to services that there are", Scopes),
        new("every service has its own store, and no other service has it", Stores),
        new("components have the settings of their type", Settings),
        new("sidecars retry in the same way everywhere", Resiliency),
        new("every secret that is asked for is there", Secrets),
        new("nothing goes over the network that is not named", Network),
        new("PostgreSQL has a connection for every replica", Connections),
    ];

    private static void Kinds(Tree tree, Faults faults)
    {
        foreach (var cluster in Cluster.All(tree)) faults.AddRange(cluster.Faults.Select(fault => $"{cluster.Path}: {fault}"));
        foreach (var file in tree.Files("", "kustomization.yaml")) faults.AddRange(Shapes.Kustomization.Faults(Yaml.One(tree[file]), file));
        foreach (var file in DaprFiles(tree))
        {
            foreach (var document in Yaml.All(tree[file]))
            {
                var kind = $"{document["apiVersion"].Text} {document["kind"].Text}";
                faults.AddRange(
                    Shapes.ByKind.TryGetValue(kind, out var shape) ? shape.Faults(document, file) : [$"{file}: {kind} is not known"]);
            }
        }
    }

    /// <summary>Files that sidecars outside of a cluster read.</summary>
    private static IEnumerable<string> DaprFiles(Tree tree) =>
        tree.Files("components", ".yaml").Concat(tree.Files("deploy/compose", ".yaml"))
            .Where(file => tree[file].Contains("apiVersion: dapr.io/"));

    /// <summary>Components by place: of the repository's files, and of the clusters.</summary>
    private static IReadOnlyList<(string Place, string Name, string Type, Yaml Component)> Components(Tree tree) =>
    [
        .. DaprFiles(tree)
            .SelectMany(file => Yaml.All(tree[file]).Where(document => document["kind"].Text == "Component").Select(one => Of(file, one))),
        .. Cluster.All(tree).SelectMany(cluster => cluster.Others("Component").Select(one => Of(cluster.Path, one))),
    ];

    private static (string, string, string, Yaml) Of(string place, Yaml component) =>
        (place, component.At("metadata.name").Text!, $"{component.At("spec.type").Text} {component.At("spec.version").Text}", component);

    private static void Scopes(Tree tree, Faults faults)
    {
        var ids = Facts.Ids(tree);
        var busy = ids.Where(id => Facts.TopicsOf(tree, id) is var (published, heard) && published.Count + heard.Count > 0).ToList();
        foreach (var (place, name, _, component) in Components(tree))
        {
            var scopes = component["scopes"].Texts;
            faults.When(scopes.Count == 0, $"{place}, {name}: is open to every service");
            faults.AddRange(scopes.Except(ids).Select(stranger => $"{place}, {name}: there is no {stranger}"));
            if (name == "pubsub") faults.Same($"{place}, {name}", busy, scopes);
        }
    }

    private static void Stores(Tree tree, Faults faults)
    {
        var (ids, components) = (Facts.Ids(tree), Components(tree));
        foreach (var (place, name, _, component) in components.Where(found => found.Type.StartsWith("state.")))
        {
            faults.Is($"{place}, scopes", name, string.Join(',', component["scopes"].Texts) + "-store");
            // Where actors live, their state is.
            var actors = name is "ordering-store" or "shipping-store" ? "true" : null;
            faults.Is($"{place}, {name}, actorStateStore", actors, Cluster.Setting(component, "actorStateStore")["value"].Text);
        }
        string[] places = ["components/", "deploy/compose/components/", Tree.Local, Tree.Production];
        foreach (var place in places)
        {
            var here = components.Where(found => found.Place.StartsWith(place) && found.Name != "secrets");
            faults.Same(place, [.. ids.Select(id => $"{id}-store"), "pubsub"], here.Select(found => found.Name));
        }
        // On one machine all is SQLite; anywhere else a service's store is of one and the same type.
        var elsewhere = components.Where(found => places[1..].Any(place => found.Place.StartsWith(place)));
        foreach (var same in elsewhere.GroupBy(found => found.Name))
            faults.When(same.Select(found => found.Type).Distinct().Count() > 1, $"{same.Key}: is not of the same type everywhere");
    }

    private static void Settings(Tree tree, Faults faults)
    {
        foreach (var (place, name, type, component) in Components(tree))
        {
            var settings = component.At("spec.metadata").Items;
            foreach (var setting in settings)
                faults.When(
                    setting["value"].Exists == setting["secretKeyRef"].Exists,
                    $"{place}, {name}, {setting["name"].Text}: must be a value or a secret");
            if (!s_settings.TryGetValue(type, out var known))
            {
                // Swaps for other products are tried where those are.
                faults.When(!place.StartsWith("deploy/compose/"), $"{place}, {name}: {type} is not known here");
                continue;
            }
            var names = settings.Select(setting => setting["name"].Text!).ToList();
            faults.AddRange(known.Required.Except(names).Select(missing => $"{place}, {name}: {missing} is missing"));
            faults.AddRange(
                names.Except([.. known.Required, .. known.Optional]).Select(surplus => $"{place}, {name}: {type} has no {surplus}"));
            faults.When(names.Distinct().Count() != names.Count, $"{place}, {name}: a setting is there twice");
        }
    }

    private static void Resiliency(Tree tree, Faults faults)
    {
        var spec = Yaml.One(tree["components/resiliency.yaml"])["spec"];
        // Nobody calls the pages.
        faults.Same("components/resiliency.yaml", Facts.Ids(tree).Except(["web"]), spec.At("targets.apps").Pairs.Keys);
        foreach (var cluster in Cluster.All(tree))
        {
            var same = cluster.Others("Resiliency").ToList() is [var there] && spec.Is(there["spec"]);
            faults.When(!same, $"{cluster.Path}: its Resiliency is not that of components/resiliency.yaml");
        }
        faults.Is(Compose.File, "./components/resiliency.yaml", Compose.Base(tree).Configs["resiliency"]["file"].Text);
    }

    private static void Secrets(Tree tree, Faults faults)
    {
        var made = Cluster.All(tree)[0].All<V1Secret>().ToDictionary(secret => secret.Name(), secret => secret.Data);
        foreach (var cluster in Cluster.All(tree))
        {
            var copied = cluster.Others("ExternalSecret").Select(secret => secret.At("spec.target.name").Text!);
            var given = cluster.Path == Tree.Local ? made.Keys : copied;
            var asked = Asked(cluster).ToList();
            faults.Same($"{cluster.Path}, secrets", asked.Select(one => one.Secret), given);
            // The keys are known of those that are made here; elsewhere the same ones are asked for.
            foreach (var (who, secret, key) in asked)
                faults.When(
                    key is not null && made.TryGetValue(secret, out var keys) && !keys.ContainsKey(key),
                    $"{cluster.Path}, {who}: secret {secret} has no {key}");
            if (cluster.Path == Tree.Production)
                faults.AddRange(cluster.All<V1Secret>().Select(secret => $"{cluster.Path}: secret {secret.Name()} lies open"));
        }
    }

    private static IEnumerable<(string Who, string Secret, string? Key)> Asked(Cluster cluster)
    {
        foreach (var (name, pods) in cluster.Workloads())
        {
            foreach (var env in pods.Spec.Containers.SelectMany(container => container.Env ?? []))
                if (env.ValueFrom?.SecretKeyRef is { } reference) yield return (name, reference.Name, reference.Key);
            foreach (var env in pods.Spec.Containers.SelectMany(container => container.EnvFrom ?? []))
                if (env.SecretRef is { } reference) yield return (name, reference.Name, null);
            foreach (var annotation in new[] { "dapr.io/api-token-secret", "dapr.io/app-token-secret" })
                if (pods.GetAnnotation(annotation) is { } secret) yield return (name, secret, "token");
        }
        foreach (var component in cluster.Others("Component"))
            foreach (var reference in component.At("spec.metadata").Items.Select(setting => setting["secretKeyRef"]))
                if (reference.Exists) yield return (component.At("metadata.name").Text!, reference["name"].Text!, reference["key"].Text);
    }

    private static void Network(Tree tree, Faults faults)
    {
        foreach (var cluster in Cluster.All(tree))
        {
            var policies = cluster.All<V1NetworkPolicy>().ToList();
            faults.When(!policies.Exists(LetsNothingThrough), $"{cluster.Path}: what is not named is let through");
            faults.When(
                cluster.All<V1Ingress>().Any(ingress => ingress.GetAnnotation("cert-manager.io/cluster-issuer") is not null)
                    && !policies.Exists(LetsSolversAnswer),
                $"{cluster.Path}: nobody can ask cert-manager's solvers whether the host is ours");
            foreach (var policy in policies) Openings(policy, $"{cluster.Path}, NetworkPolicy {policy.Name()}", faults);
            // Whoever owns something in a store reaches it, and nobody else.
            foreach (var labels in cluster.Services().Select(service => service.Spec.Template.Metadata.Labels))
            {
                var id = labels["app.kubernetes.io/name"];
                var reached = policies.Where(policy => Selects(policy.Spec.PodSelector, labels))
                    .SelectMany(policy => policy.Spec.Egress ?? []).SelectMany(rule => rule.Ports ?? [])
                    .Select(port => port.Port.Value).Where(port => port is "6379" or "5432");
                var owned = cluster.Others("Component").Where(component => component["scopes"].Texts.Contains(id))
                    .Select(component => component.At("spec.type").Text!.EndsWith(".redis") ? "6379" : "5432");
                faults.Same($"{cluster.Path}, {id} reaches", owned, reached);
            }
        }
    }

    private static bool LetsNothingThrough(V1NetworkPolicy policy) =>
        policy.Spec is { Ingress: null, Egress: null, PodSelector: { MatchLabels: null, MatchExpressions: null } }
        && policy.Spec.PolicyTypes.Order().SequenceEqual(["Egress", "Ingress"]);

    /// <summary>Of cert-manager, pkg/issuer/acme/http: the label of its pods, and where they listen.</summary>
    private static bool LetsSolversAnswer(V1NetworkPolicy policy) =>
        Selects(policy.Spec.PodSelector, new Dictionary<string, string> { ["acme.cert-manager.io/http01-solver"] = "true" })
        && (policy.Spec.Ingress ?? []).SelectMany(rule => rule.Ports ?? []).Any(port => port.Port.Value == "8089");

    private static void Openings(V1NetworkPolicy policy, string place, Faults faults)
    {
        foreach (var rule in policy.Spec.Ingress ?? [])
            faults.When(
                rule.FromProperty is not { Count: > 0 } || rule.Ports is not { Count: > 0 }, $"{place}: lets anybody in, or to any port");
        foreach (var rule in policy.Spec.Egress ?? [])
        {
            faults.When(rule.To is not { Count: > 0 }, $"{place}: lets out to anywhere");
            faults.When(rule.To?.Any(peer => peer.IpBlock?.Cidr is "0.0.0.0/0" or "::/0") is true, $"{place}: lets out to the world");
        }
    }

    /// <summary>Where there is a PostgreSQL of one's own, with all autoscalers at their most while every service is replaced.</summary>
    private static void Connections(Tree tree, Faults faults)
    {
        const int spare = 3; // Kept for superusers.
        foreach (var cluster in Cluster.All(tree))
        {
            if (cluster.All<V1StatefulSet>().SingleOrDefault(one => one.Name() == "postgres") is not { } postgres) continue;
            var most = cluster.All<V2HorizontalPodAutoscaler>()
                .ToDictionary(one => one.Spec.ScaleTargetRef.Name, one => one.Spec.MaxReplicas + 1);
            var wanted = cluster.Others("Component").Where(component => component.At("spec.type").Text == "state.postgresql")
                .Sum(store => most[store["scopes"].Texts.Single()] * int.Parse(Cluster.Setting(store, "maxConns")["value"].Text!));
            var given = MaxConnections().Match(string.Join(' ', postgres.Spec.Template.Spec.Containers[0].Args ?? []));
            var room = given.Success ? int.Parse(given.Groups[1].Value) : 100;
            faults.When(wanted > room - spare, $"{cluster.Path}: sidecars may hold {wanted} connections, PostgreSQL has {room}");
        }
    }

    private static bool Selects(V1LabelSelector selector, IDictionary<string, string> labels) =>
        (selector.MatchLabels ?? new Dictionary<string, string>()).All(labels.Contains)
        && (selector.MatchExpressions ?? []).All(expression => expression.OperatorProperty switch
        {
            "In" => expression.Values.Contains(labels[expression.Key]),
            "NotIn" => !expression.Values.Contains(labels[expression.Key]),
            _ => throw new NotSupportedException(expression.OperatorProperty),
        });

    [GeneratedRegex(@"max_connections=(\d+)")]
    private static partial Regex MaxConnections();
}
