using System.Text.Json;
using System.Text.RegularExpressions;
using DaprShop.Testing;
using k8s.Models;

namespace DaprShop.Deployment.Tests;

/// <summary>Which services there are, where they listen, what they are beside of and who reaches them.</summary>
public static partial class ServiceRules
{
    /// <summary>Where every service listens in a container.</summary>
    private const string ContainerPort = "8080";

    private const string Gateway = "services/gateway";

    public static Rule[] All { get; } =
    [
        new("the same services everywhere", Services),
        new("the same ports everywhere", Ports),
        new("every service has a sidecar", Sidecars),
        new("every public path of a service is routed to it, and no other path", PublicPaths),
        new("the gateway's files are all there", GatewayFiles),
        new("only the gateway is published", Published),
        new("what is too large is refused by the gateway", Bodies),
        new("topics are published and heard as the code does", SameTopics),
        new("whoever is called by a service lets it in, and nobody else", Access),
    ];

    private static void Services(Tree tree, Faults faults)
    {
        var ids = Facts.Ids(tree);
        var programs = Directory.EnumerateFiles(Path.Combine(Repository.Root, "services"), "Program.cs", SearchOption.AllDirectories);
        faults.Same("services/", ids, programs.Select(program => Path.GetFileName(Path.GetDirectoryName(program)!)));
        faults.Same("README.md", [.. ids, "gateway"], Facts.Readme(tree).Select(row => row.Service));
        foreach (var row in Facts.Readme(tree)) faults.Is($"README.md, {row.Service}", $"services/{row.Service}", row.Folder);
        faults.Same($"{Gateway}/routes.map", ids, Routes.Of(tree).Services);
        faults.Same($"{Gateway}/environment.conf", ids, Upstreams(tree).Keys);
        faults.Same(Compose.File, ids, Compose.Base(tree).Services
            .Where(service => service.Value["image"].Text!.StartsWith("daprshop/")).Select(service => service.Key));
        foreach (var cluster in Cluster.All(tree)) faults.Same(cluster.Path, ids, cluster.Services().Select(service => service.Name()));
    }

    private static void Ports(Tree tree, Faults faults)
    {
        var readme = Facts.Readme(tree).ToDictionary(row => row.Service);
        foreach (var app in Facts.Apps(tree))
        {
            var row = readme.GetValueOrDefault(app.Id);
            faults.Is($"README.md, {app.Id}", app.Port, row?.Port);
            faults.Is($"README.md, {app.Id}", $"{app.HttpPort}, {app.GrpcPort}", row?.SidecarPorts);
            faults.Is($"{Gateway}/environment.conf, {app.Id}", app.Port, Upstreams(tree).GetValueOrDefault(app.Id));
        }
        foreach (var file in new[] { $"{Gateway}/environment.containers.conf", $"{Gateway}/environment.kubernetes.conf" })
            faults.Is(file, ContainerPort, First(ServicePort(), tree[file]));
        foreach (var file in tree.Files(Gateway, ".conf").Where(file => file.StartsWith($"{Gateway}/environment.")))
            faults.Is($"{file}, listen", readme.GetValueOrDefault("gateway")?.Port, First(Listen(), tree[file]));
        faults.Is("services/Dockerfile, EXPOSE", ContainerPort, First(Expose(), tree["services/Dockerfile"]));
        faults.Is("services/Dockerfile, ASPNETCORE_HTTP_PORTS", ContainerPort, First(HttpPorts(), tree["services/Dockerfile"]));
        foreach (var cluster in Cluster.All(tree))
        {
            foreach (var service in cluster.Services())
            {
                var place = $"{cluster.Path}, {service.Name()}";
                var app = service.Spec.Template.Spec.Containers[0];
                faults.Is(place, ContainerPort, app.Ports?.Single().ContainerPort.ToString());
                faults.Is(
                    $"{place}, ASPNETCORE_HTTP_PORTS",
                    ContainerPort,
                    app.Env.FirstOrDefault(env => env.Name == "ASPNETCORE_HTTP_PORTS")?.Value);
                var port = cluster.All<V1Service>().FirstOrDefault(found => found.Name() == service.Name())?.Spec.Ports.Single();
                faults.Is($"{place}, Service", $"{ContainerPort} to http", $"{port?.Port} to {port?.TargetPort?.Value}");
            }
        }
    }

    private static void Sidecars(Tree tree, Faults faults)
    {
        foreach (var compose in Compose.All(tree))
            foreach (var id in Facts.Ids(tree)) SidecarOf(id, compose, faults);
        foreach (var cluster in Cluster.All(tree))
        {
            var configurations = cluster.Others("Configuration").Select(one => one.At("metadata.name").Text!);
            faults.Same($"{cluster.Path}, Configuration", cluster.Services().Select(service => service.Name()), configurations);
            foreach (var service in cluster.Services()) SidecarOf(service, $"{cluster.Path}, {service.Name()}", faults);
        }
    }

    private static void SidecarOf(string id, Compose compose, Faults faults)
    {
        var place = $"{compose.Name}, {id}";
        if (!compose.Services.TryGetValue($"{id}-dapr", out var sidecar))
        {
            faults.Add($"{place}: has no sidecar");
            return;
        }
        string[] arguments = [.. sidecar["entrypoint"].Texts, .. sidecar["command"].Texts];
        foreach (var wanted in new[] { $"--app-id={id}", $"--app-channel-address={id}", $"--app-port={ContainerPort}" })
            faults.When(!arguments.Contains(wanted), $"{place}: its sidecar lacks {wanted}");
        var environment = compose.Services[id]["environment"];
        faults.Is($"{place}, DAPR_HTTP_ENDPOINT", $"http://{id}-dapr:3500", environment["DAPR_HTTP_ENDPOINT"].Text);
        faults.Is($"{place}, DAPR_GRPC_ENDPOINT", $"http://{id}-dapr:50001", environment["DAPR_GRPC_ENDPOINT"].Text);
    }

    private static void SidecarOf(V1Deployment service, string place, Faults faults)
    {
        (string, string)[] wanted =
        [
            ("dapr.io/enabled", "true"), ("dapr.io/app-id", service.Name()), ("dapr.io/app-port", ContainerPort),
            ("dapr.io/config", service.Name()), ("dapr.io/app-health-check-path", "/healthz"), ("dapr.io/enable-app-health-check", "true"),
        ];
        foreach (var (key, value) in wanted) faults.Is($"{place}, {key}", value, service.Spec.Template.GetAnnotation(key));
        foreach (var key in service.Spec.Template.Metadata.Annotations.Keys)
            faults.When(key.StartsWith("dapr.io/") && !s_annotations.Contains(key), $"{place}: Dapr knows no {key}");
    }

    private static void PublicPaths(Tree tree, Faults faults)
    {
        var routes = Routes.Of(tree);
        foreach (var id in Facts.Ids(tree))
        {
            using var document = JsonDocument.Parse(tree[$"contracts/openapi/{id}.json"]);
            foreach (var path in document.RootElement.GetProperty("paths").EnumerateObject().Select(path => Hole().Replace(path.Name, "x")))
                faults.Is($"{Gateway}/routes.map, {path}", path.StartsWith("/internal") ? "" : id, routes[path]);
        }
        string[] closed =
        [
            "/healthz", "/v1.0/invoke/payment/method/internal/payments/x/authorize", "/dapr/subscribe", "/dapr/config",
            "/actors/OrderActor/x/method/Get",
            "/events/orders.submitted", "/internal/products", "/job/x", "/openapi/v1.json", "/api/orders/../../internal/products",
        ];
        foreach (var path in closed) faults.Is($"{Gateway}/routes.map, {path}", "", routes[path]);
    }

    private static void GatewayFiles(Tree tree, Faults faults)
    {
        var file = $"{Gateway}/kustomization.yaml";
        var included = tree.Files(Gateway, ".conf", ".map").SelectMany(rules => Include().Matches(tree[rules]))
            .Select(found => found.Groups[1].Value);
        var given = Yaml.One(tree[file])["configMapGenerator"].Items.Single()["files"].Texts.Select(entry => entry.Split('=')).ToList();
        faults.Same(file, [.. included, "nginx.conf", "environment.conf"], given.Select(entry => entry[0]));
        foreach (var source in given.Select(entry => entry[^1]))
            faults.When(!File.Exists(Path.Combine(Repository.Root, Gateway, source)), $"{file}: there is no {source}");
        foreach (var cluster in Cluster.All(tree))
        {
            var gateway = cluster.All<V1Deployment>().Single(one => one.Name() == "gateway");
            var mounted = gateway.Spec.Template.Spec.Volumes.Single(volume => volume.Name == "rules").ConfigMap.Name;
            var rules = cluster.All<V1ConfigMap>().Single(map => map.Name() == mounted).Data;
            foreach (var (name, text) in rules.Where(rule => rule.Key != "environment.conf"))
                faults.When(text != tree[$"{Gateway}/{name}"], $"{cluster.Path}: {name} is another");
            var domain = First(ServiceDomain(), rules["environment.conf"]);
            faults.Is($"{cluster.Path}, namespace of the services", $".{cluster.Namespace}.svc.cluster.local", domain);
        }
    }

    private static void Published(Tree tree, Faults faults)
    {
        foreach (var compose in Compose.All(tree))
        {
            foreach (var (name, service) in compose.Services)
            {
                faults.When(service["network_mode"].Text == "host", $"{compose.Name}, {name}: is on the host's network");
                // What overlays add for people to look at is for those who sit at the machine.
                faults.When(
                    name != "gateway" && service["ports"].Texts.Any(port => compose.Name == Compose.File || !port.StartsWith("127.0.0.1:")),
                    $"{compose.Name}, {name}: is published");
            }
            faults.Is(
                $"{compose.Name}, gateway", "8080:8080", Compose.Interpolate(string.Join(' ', compose.Services["gateway"]["ports"].Texts)));
        }
        foreach (var cluster in Cluster.All(tree))
        {
            foreach (var service in cluster.All<V1Service>())
                faults.When(
                    service.Spec.Type is not (null or "ClusterIP") || service.Spec.ExternalIPs is not null,
                    $"{cluster.Path}, Service {service.Name()}: is published");
            foreach (var (name, pods) in cluster.Workloads())
            {
                var ports = pods.Spec.Containers.SelectMany(container => container.Ports ?? []);
                faults.When(
                    pods.Spec.HostNetwork == true || ports.Any(port => port.HostPort is not null),
                    $"{cluster.Path}, {name}: is on its host's network");
            }
            faults.Same($"{cluster.Path}, Ingress", ["gateway"], cluster.All<V1Ingress>().SelectMany(BackendsOf));
        }
    }

    /// <summary>An ingress answers with a page of its own, clients wait for problem+json.</summary>
    private static void Bodies(Tree tree, Faults faults)
    {
        var limit = int.Parse(First(BodyLimit(), tree[$"{Gateway}/nginx.conf"]));
        foreach (var cluster in Cluster.All(tree))
            foreach (var ingress in cluster.All<V1Ingress>())
            {
                var most = ingress.GetAnnotation("nginx.ingress.kubernetes.io/proxy-body-size")?.TrimEnd('m') ?? "1";
                faults.When(int.Parse(most) <= limit, $"{cluster.Path}, Ingress {ingress.Name()}: refuses what the gateway would ({limit}m)");
            }
    }

    private static IEnumerable<string> BackendsOf(V1Ingress ingress) =>
        (ingress.Spec.Rules ?? []).SelectMany(rule => rule.Http.Paths).Select(path => path.Backend).Append(ingress.Spec.DefaultBackend)
            .OfType<V1IngressBackend>().Select(backend => backend.Service.Name);

    private static void SameTopics(Tree tree, Faults faults)
    {
        var readme = Facts.Readme(tree).ToDictionary(row => row.Service);
        var asyncApi = Yaml.One(tree["contracts/asyncapi.yaml"]);
        var addresses = asyncApi["channels"].Pairs
            .ToDictionary(channel => $"#/channels/{channel.Key}", channel => channel.Value["address"].Text!);
        faults.Same("contracts/asyncapi.yaml", Facts.AllTopics.Values, addresses.Values);
        List<string> operations = [];
        foreach (var id in Facts.Ids(tree))
        {
            var (published, heard) = Facts.TopicsOf(tree, id);
            var (sent, received) = (published.Where(topic => !Facts.IsDeadLetters(topic)), heard.Where(topic => !Facts.IsDeadLetters(topic)));
            operations.AddRange(sent.Select(topic => Operation(id, "send", topic)));
            operations.AddRange(received.Select(topic => Operation(id, "receive", topic)));
            var row = readme.GetValueOrDefault(id);
            faults.Same($"README.md, {id} publishes", sent, Facts.TopicsIn(row?.Publishes ?? ""));
            faults.Same($"README.md, {id} listens to", received, Facts.TopicsIn(row?.ListensTo ?? ""));
            foreach (var cluster in Cluster.All(tree))
            {
                var pubsub = cluster.Others("Component").Single(one => one.At("metadata.name").Text == "pubsub");
                if (!pubsub["scopes"].Texts.Contains(id)) continue;
                faults.Same($"{cluster.Path}, {id} may publish", published, Scoped(pubsub, "publishingScopes", id));
                faults.Same($"{cluster.Path}, {id} may hear", heard, Scoped(pubsub, "subscriptionScopes", id));
            }
        }
        faults.Same("contracts/asyncapi.yaml", operations, asyncApi["operations"].Pairs.Select(operation =>
        {
            var channel = operation.Value.At("channel.$ref").Text ?? "";
            return $"{operation.Key}: {operation.Value["action"].Text} {addresses.GetValueOrDefault(channel, channel)}";
        }));
    }

    /// <summary>Its name in asyncapi.yaml, and what it does.</summary>
    private static string Operation(string service, string action, string topic) =>
        $"{service}_{action}s_{topic.Replace('.', '_').Replace('-', '_')}: {action} {topic}";

    /// <summary><c>app=topic,topic; app=</c>. An app that is not in the list may everything.</summary>
    private static string[] Scoped(Yaml pubsub, string setting, string id) =>
        (Cluster.Setting(pubsub, setting)["value"].Text ?? "").Replace(" ", "").Split(';')
            .Select(entry => entry.Split('=')).FirstOrDefault(entry => entry[0] == id) is { } entry
            ? entry[1].Split(',', StringSplitOptions.RemoveEmptyEntries)
            : ["everything"];

    private static void Access(Tree tree, Faults faults)
    {
        var ids = Facts.Ids(tree);
        var calls = Calls.All(tree, ids).ToLookup(call => call.Callee);
        foreach (var cluster in Cluster.All(tree))
        {
            foreach (var configuration in cluster.Others("Configuration"))
            {
                var (callee, access) = (configuration.At("metadata.name").Text!, configuration.At("spec.accessControl"));
                foreach (var policy in access["policies"].Items)
                    faults.Is($"{cluster.Path}, callers of {callee}", cluster.Namespace, policy["namespace"].Text);
                Access(new AccessList(access), calls[callee], $"{cluster.Path}, {callee}", faults);
            }
        }
        foreach (var id in ids)
        {
            var access = Yaml.One(tree[$"deploy/compose/access/{id}.yaml"]).At("spec.accessControl");
            Access(new AccessList(access), calls[id], $"deploy/compose/access/{id}.yaml", faults);
        }
    }

    private static void Access(AccessList list, IEnumerable<Call> calls, string place, Faults faults)
    {
        foreach (var call in calls)
            faults.When(!list.Allows(call.Caller, call.Verb, call.Path), $"{place}: refuses {call.Caller}'s {call.Verb} {call.Path}");
        foreach (var caller in list.Callers)
        {
            var paths = calls.Where(call => call.Caller == caller).Select(call => call.Path + "/").ToList();
            foreach (var operation in list.Operations(caller).Select(operation => operation["name"].Text!))
            {
                var start = operation.Split("/*")[0] + "/";
                faults.When(!paths.Exists(path => path.StartsWith(start)), $"{place}: lets {caller} use {operation}, which it never does");
            }
        }
    }

    private static Dictionary<string, string> Upstreams(Tree tree) =>
        Upstream().Matches(tree[$"{Gateway}/environment.conf"])
            .ToDictionary(found => found.Groups[1].Value, found => found.Groups[2].Value);

    private static string First(Regex pattern, string text) => pattern.Match(text).Groups[1].Value;

    /// <summary>Of dapr/dapr, pkg/injector/annotations/annotations.go, those that are used here.</summary>
    private static readonly HashSet<string> s_annotations =
    [
        "dapr.io/enabled", "dapr.io/app-id", "dapr.io/app-port", "dapr.io/app-protocol", "dapr.io/config", "dapr.io/api-token-secret",
        "dapr.io/app-token-secret", "dapr.io/enable-native-sidecar", "dapr.io/enable-app-health-check", "dapr.io/app-health-check-path",
        "dapr.io/app-health-probe-interval", "dapr.io/app-health-probe-timeout", "dapr.io/app-health-threshold",
        "dapr.io/graceful-shutdown-seconds", "dapr.io/disable-builtin-k8s-secret-store", "dapr.io/sidecar-seccomp-profile-type",
        "dapr.io/sidecar-cpu-request", "dapr.io/sidecar-cpu-limit", "dapr.io/sidecar-memory-request", "dapr.io/sidecar-memory-limit",
        "dapr.io/log-as-json", "dapr.io/enable-metrics", "dapr.io/metrics-port",
    ];

    [GeneratedRegex(@"^upstream (\w+) +\{ server 127\.0\.0\.1:(\d+)", RegexOptions.Multiline)]
    private static partial Regex Upstream();

    [GeneratedRegex(@"client_max_body_size (\d+)m;")]
    private static partial Regex BodyLimit();

    [GeneratedRegex(@"default \$service[\w.]*:(\d+);")]
    private static partial Regex ServicePort();

    [GeneratedRegex(@"default \$service([\w.]*):")]
    private static partial Regex ServiceDomain();

    [GeneratedRegex(@"^\s*listen (\d+);", RegexOptions.Multiline)]
    private static partial Regex Listen();

    [GeneratedRegex(@"^EXPOSE (\S+)", RegexOptions.Multiline)]
    private static partial Regex Expose();

    [GeneratedRegex(@"ASPNETCORE_HTTP_PORTS=(\S+)")]
    private static partial Regex HttpPorts();

    [GeneratedRegex(@"^\s*include ([\w.-]+);", RegexOptions.Multiline)]
    private static partial Regex Include();

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Hole();
}
