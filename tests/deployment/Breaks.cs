namespace DaprShop.Deployment.Tests;

/// <summary>A file that says something else, and what its rule has to say of that.</summary>
/// <param name="Finds">Part of the fault.</param>
public sealed record Break(string Rule, string File, string Old, string New, string Finds);

/// <summary>Each rule, broken.</summary>
public static class Breaks
{
    private const string Services = "the same services everywhere";
    private const string Ports = "the same ports everywhere";
    private const string Sidecars = "every service has a sidecar";
    private const string PublicPaths = "every public path of a service is routed to it, and no other path";
    private const string GatewayFiles = "the gateway's files are all there";
    private const string Published = "only the gateway is published";
    private const string Bodies = "what is too large is refused by the gateway";
    private const string Topics = "topics are published and heard as the code does";
    private const string Access = "whoever is called by a service lets it in, and nobody else";
    private const string Tags = "every image has a fixed tag";
    private const string SameTags = "an image has the same tag everywhere";
    private const string Root = "no container runs as root, or can become it";
    private const string Limits = "every container has its limits";
    private const string Probes = "every container is asked how it is";
    private const string Budgets = "every service can be moved, scaled and replaced";
    private const string Written = "a broker has written what it has answered";
    private const string Kinds = "files say what their kind may say, no more";
    private const string Scopes = "every component is scoped, to services that there are";
    private const string Stores = "every service has its own store, and no other service has it";
    private const string Settings = "components have the settings of their type";
    private const string Resiliency = "sidecars retry in the same way everywhere";
    private const string Secrets = "every secret that is asked for is there";
    private const string Network = "nothing goes over the network that is not named";
    private const string Connections = "PostgreSQL has a connection for every replica";
    private const string Shape = "workflows say what workflows may say";
    private const string Actions = "actions are fixed to a commit, and its version is told";
    private const string Rights = "jobs have no more rights than they need";
    private const string Callers = "every service has a workflow of its own, for what it is made of";
    private const string Everything = "on main everything is tested together";
    private const string Scan = "every image is scanned, and tells what is in it";
    private const string Packages = "packages and actions are kept up to date";
    private const string Images = "images are raised together, or by hand";
    private const string Dashboards = "dashboards ask for what there is";
    private const string OwnMetrics = "the services' own metrics are known";
    private const string Sources = "Prometheus asks everyone, and everyone can tell the collector";

    private const string Readme = "README.md";
    private const string Routing = "services/gateway/routes.map";
    private const string Workflow = ".github/workflows/service.yml";
    private const string Dependabot = UpdateRules.Dependabot;
    private const string Observability = "deploy/compose/observability";

    public static IReadOnlyList<Break> All { get; } =
    [
        new(Services, "dapr.yaml", "appID: payment", "appID: payments", "payment is too much"),
        new(Services, Readme, "| [payment]", "| [pay]", "README.md: payment is missing"),
        new(Services, Routing, "payment;", "billing;", "routes.map: payment is missing"),
        new(
            Services, "services/gateway/environment.conf",
            "upstream payment ",
            "upstream billing ",
            "environment.conf: payment is missing"),
        new(Services, Compose.File, "daprshop/payment:", "shop/payment:", "docker-compose.yml: payment is missing"),
        new(
            Services, Tree.Local,
            "app.kubernetes.io/component: service\n    app.kubernetes.io/name: payment",
            "app.kubernetes.io/component: none\n    app.kubernetes.io/name: payment",
            "payment is missing"),

        new(Ports, "dapr.yaml", "appPort: 5006", "appPort: 5016", "README.md, payment: is '5006', not '5016'"),
        new(Ports, Readme, "3506, 4506", "3506, 4516", "README.md, payment"),
        new(Ports, "services/gateway/environment.conf", "127.0.0.1:5006", "127.0.0.1:5007", "environment.conf, payment"),
        new(Ports, "services/gateway/environment.containers.conf", "$service:8080", "$service:8081", "environment.containers.conf"),
        new(Ports, "services/gateway/environment.kubernetes.conf", "cluster.local:8080", "cluster.local:80", "environment.kubernetes.conf"),
        new(Ports, "services/gateway/environment.kubernetes.conf", "listen 8080", "listen 80", "environment.kubernetes.conf, listen"),
        new(Ports, "services/Dockerfile", "EXPOSE 8080", "EXPOSE 80", "services/Dockerfile"),
        new(Ports, "services/Dockerfile", "HTTP_PORTS=8080", "HTTP_PORTS=80", "services/Dockerfile"),
        new(
            Ports, Tree.Production,
            "containerPort: 8080\n          name: http\n        readinessProbe:\n          failureThreshold: 2\n          httpGet",
            "containerPort: 80\n          name: http\n        readinessProbe:\n          failureThreshold: 2\n          httpGet",
            "is '80', not '8080'"),

        new(Sidecars, Compose.File, "\n  payment-dapr:", "\n  payment-daprd:", "docker-compose.yml, payment: has no sidecar"),
        new(Sidecars, Compose.File, "--app-id=payment,", "--app-id=payments,", "payment: its sidecar lacks --app-id=payment"),
        new(Sidecars, Compose.File, "http://payment-dapr:3500", "http://shipping-dapr:3500", "docker-compose.yml, payment"),
        new(Sidecars, Compose.File, "--app-port=8080", "--app-port=80", "its sidecar lacks --app-port=8080"),
        new(Sidecars, Tree.Local, "dapr.io/enabled: \"true\"", "dapr.io/enabled: \"false\"", "dapr.io/enabled"),
        new(Sidecars, Tree.Local, "dapr.io/app-id: payment", "dapr.io/app-id: pay", "payment, dapr.io/app-id"),
        new(Sidecars, Tree.Local, "dapr.io/app-port: \"8080\"", "dapr.io/app-prot: \"8080\"", "Dapr knows no dapr.io/app-prot"),
        new(Sidecars, Tree.Production, "dapr.io/config: payment", "dapr.io/config: web", "payment, dapr.io/config"),

        new(
            PublicPaths, Routing,
            "~^/api/payments/                 payment;",
            "~^/api/payment/                 payment;",
            "/api/payments/x"),
        new(PublicPaths, Routing, "~^/$ ", "~^/healthz$ ", "/healthz"),
        new(PublicPaths, Routing, "~^/api/admin/ ", "~^/internal/ ", "/internal/products: is 'web', not ''"),

        new(GatewayFiles, "services/gateway/kustomization.yaml", "      - limits.map\n", "", "limits.map is missing"),
        new(
            GatewayFiles, "services/gateway/kustomization.yaml",
            "=environment.kubernetes.conf",
            "=environment.k8s.conf",
            "there is no environment.k8s.conf"),
        new(GatewayFiles, "services/gateway/limits.map", "strict;", "generous;", "limits.map is another"),
        new(GatewayFiles, Tree.Local, "default $service.daprshop.svc", "default $service.shop.svc", "namespace of the services"),

        new(Published, Compose.File, "networks: [payment]", "ports: [\"5006:8080\"]\n    networks: [payment]", "payment: is published"),
        new(Published, Compose.File, "networks: [payment]", "network_mode: host", "payment: is on the host's network"),
        new(Published, Compose.File, ":8080\"]", ":8081\"]", "gateway"),
        new(
            Published, Tree.Local,
            "part-of: daprshop\n  name: payment\n  namespace: daprshop\nspec:\n  clusterIP: None\n",
            "part-of: daprshop\n  name: payment\n  namespace: daprshop\nspec:\n  type: NodePort\n",
            "Service payment: is published"),
        new(
            Published, Tree.Production,
            "containerPort: 8080\n",
            "containerPort: 8080\n          hostPort: 8080\n",
            "is on its host's network"),
        new(
            Published, Tree.Production,
            "service:\n            name: gateway",
            "service:\n            name: payment",
            "payment is too much"),

        new(Bodies, Tree.Production, "proxy-body-size: 2m", "proxy-body-size: 1m", "refuses what the gateway would (1m)"),

        new(
            Topics, Readme,
            "`inventory.stock-changed` | `catalog.product-changed` |",
            "`inventory.stock-changed` | |",
            "inventory listens to: catalog.product-changed is missing"),
        new(Topics, Readme, "`payment.*`", "`payment.captured`", "payment publishes: payment.refunded is missing"),
        new(Topics, "contracts/asyncapi.yaml", "address: orders.submitted", "address: orders.placed", "orders.placed is too much"),
        new(
            Topics, "contracts/asyncapi.yaml",
            "  basket_receives_orders_submitted:",
            "  notification_receives_orders_submitted:",
            "basket_receives_orders_submitted: receive orders.submitted is missing"),
        new(
            Topics, "contracts/asyncapi.yaml",
            "action: receive\n    channel:\n      $ref: '#/channels/shipping_returned'\n  shipping",
            "action: send\n    channel:\n      $ref: '#/channels/shipping_returned'\n  shipping",
            "ordering_receives_shipping_returned: send shipping.returned is too much"),
        new(Topics, Tree.Local, "basket=orders.submitted,", "basket=", "basket may hear: orders.submitted is missing"),
        new(
            Topics, Tree.Production,
            "payment=payment.authorized",
            "payment=orders.submitted,payment.authorized",
            "payment may publish: orders.submitted is too much"),
        new(
            Topics, Tree.Production,
            "catalog=inventory.stock-changed",
            "catalogue=inventory.stock-changed",
            "catalog may hear: everything is too much"),

        new(
            Access, Tree.Local,
            "name: /internal/reservations/**",
            "name: /internal/reservation/**",
            "refuses ordering's POST /internal/reservations/x/commit"),
        new(
            Access, Tree.Production,
            "- action: allow\n        httpVerb:\n        - GET\n        name: /healthz",
            "- action: allow\n        httpVerb:\n        - GET\n        name: /",
            "refuses web's GET /healthz"),
        new(
            Access, Tree.Production,
            "namespace: daprshop\n      operations:",
            "namespace: default\n      operations:",
            "is 'default', not 'daprshop'"),
        new(Access, "deploy/compose/access/payment.yaml", "appId: ordering", "appId: basket", "lets basket use /internal/payments"),
        new(Access, "deploy/compose/access/payment.yaml", "httpVerb: [POST]", "httpVerb: [GET]", "refuses ordering's POST"),
        new(
            Access, "services/payment/Program.cs",
            "PaymentService",
            "/* \"internal/products\" */ PaymentService",
            "refuses payment's GET /internal/products"),

        new(Tags, Compose.File, "redis:7.4.5-alpine", "redis:latest", "redis:latest has no fixed tag"),
        new(Tags, Compose.File, "daprshop/payment:${SHOP_VERSION:-dev}", "daprshop/payment", "daprshop/payment has no fixed tag"),
        new(Tags, Tree.Production, "ghcr.io/example/daprshop-payment:1.0.0", "ghcr.io/example/daprshop-payment", "payment/service"),
        new(Tags, "services/Dockerfile", "aspnet:10.0-noble-chiseled", "aspnet:latest", "services/Dockerfile"),

        new(SameTags, "deploy/compose/mtls.yml", "daprio/sentry:1.17.6", "daprio/sentry:1.17.5", "daprio is "),
        new(SameTags, Tree.Local, "image: postgres:17.6-alpine", "image: postgres:16.10-alpine", "postgres is "),

        new(Root, "services/Dockerfile", "\nUSER ", "\n# USER ", "services/Dockerfile: its user is root"),
        new(Root, Compose.File, "user: redis\n", "user: root\n", "docker-compose.yml, redis: runs as root"),
        new(Root, Compose.File, "cap_drop: [ALL]", "cap_drop: [CHOWN]", "keeps capabilities"),
        new(Root, Compose.File, "no-new-privileges:true", "no-new-privileges:false", "can gain rights"),
        new(Root, Compose.File, "read_only: true", "read_only: false", "can change its image"),
        new(Root, Tree.Local, "runAsUser: 1654", "runAsUser: 0", "/service: runs as root"),
        new(Root, Tree.Local, "runAsNonRoot: true", "runAsNonRoot: false", "runs as root"),
        new(Root, Tree.Local, "- ALL", "- CHOWN", "keeps capabilities"),
        new(Root, Tree.Local, "allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true", "can gain rights"),
        new(Root, Tree.Production, "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "can change its image"),
        new(
            Root, Tree.Production,
            "seccompProfile:\n          type: RuntimeDefault",
            "seccompProfile:\n          type: Unconfined",
            "has no seccomp profile"),
        new(
            Root, Tree.Production,
            "dapr.io/sidecar-seccomp-profile-type: RuntimeDefault",
            "dapr.io/log-level: debug",
            "sidecar's seccomp profile"),
        new(
            Root, Tree.Production,
            "automountServiceAccountToken: false\n      containers",
            "automountServiceAccountToken: true\n      containers",
            "has a token for the cluster"),
        new(
            Root, Tree.Production,
            "automountServiceAccountToken: false\nkind: ServiceAccount",
            "automountServiceAccountToken: true\nkind: ServiceAccount",
            "has a token for the cluster"),

        new(Written, Compose.File, "--appendfsync, always", "--appendfsync, everysec", "redis: may answer before it has written"),
        new(
            Written, "deploy/compose/kafka.yml", "KAFKA_LOG_FLUSH_INTERVAL_MESSAGES: 1", "KAFKA_LOG_FLUSH_INTERVAL_MESSAGES: 100",
            "KAFKA_LOG_FLUSH_INTERVAL_MESSAGES is not 1"),
        new(
            Written, "deploy/compose/kafka.yml", "KAFKA_UNCLEAN_LEADER_ELECTION_ENABLE: \"false\"", "KAFKA_NO_SUCH_SETTING: \"false\"",
            "KAFKA_UNCLEAN_LEADER_ELECTION_ENABLE is not false"),

        new(Limits, Compose.File, "mem_limit: 192m", "mem_reservation: 192m", "payment-dapr: has no mem_limit"),
        new(Limits, Compose.File, "pids_limit: 256", "oom_score_adj: 256", "has no pids_limit"),
        new(
            Limits, Tree.Local,
            "limits:\n            cpu: \"1\"\n            memory: 256Mi",
            "limits:\n            cpu: \"1\"",
            "has no limit of memory"),
        new(Limits, Tree.Local, "dapr.io/sidecar-memory-limit: 256Mi", "dapr.io/log-level: info", "its sidecar has no memory-limit"),
        new(Limits, Tree.Local, "Memory\n          sizeLimit: 16Mi", "Memory", "gateway: its folder run has no limit"),

        new(Probes, "services/Dockerfile", "HEALTHCHECK", "# HEALTH", "has no HEALTHCHECK"),
        new(
            Probes, "services/common/ShopDefaults.cs",
            "MapHealthChecks(\"/healthz\")",
            "MapHealthChecks(\"/health\")",
            "serves no /healthz"),
        new(
            Probes, Tree.Local,
            "failureThreshold: 90\n          httpGet:\n            path: /healthz\n            port: http\n",
            "failureThreshold: 90\n",
            "startup: is ' at ', not '/healthz at http'"),
        new(Probes, Tree.Production, "httpGet:\n            path: /healthz", "httpGet:\n            path: /health", "/healthz at http"),

        new(
            Budgets, Tree.Local,
            "kind: Deployment\n    name: payment",
            "kind: Deployment\n    name: pay",
            "HorizontalPodAutoscaler: payment is missing"),
        new(
            Budgets, Tree.Local,
            "kind: PodDisruptionBudget\nmetadata:\n  labels:\n    app.kubernetes.io/name: payment",
            "kind: PodDisruptionBudgets\nmetadata:\n  labels:\n    app.kubernetes.io/name: payment",
            "PodDisruptionBudget: payment is missing"),
        new(Budgets, Tree.Production, "minReplicas: 2", "minReplicas: 1", "may be alone"),
        new(Budgets, Tree.Production, "enableServiceLinks: false", "enableServiceLinks: true", "takes other services' addresses"),
        new(Budgets, Tree.Production, "revisionHistoryLimit: 5", "revisionHistoryLimit: 5\n  replicas: 3", "and so does its autoscaler"),

        new(Kinds, Tree.Local, "periodSeconds: 10", "periodSecond: 10", "periodSecond"),
        new(Kinds, Tree.Local, "maxUnavailable: 1", "maxUnavailabel: 1", "maxUnavailabel"),
        new(Kinds, Tree.Production, "samplingRate: \"0.1\"", "sampling: \"0.1\"", "has no key 'sampling'"),
        new(Kinds, Tree.Production, "defaultAction: deny", "defaultAction: allow", "must be deny"),
        new(Kinds, Tree.Production, "refreshInterval: 1h", "refresh: 1h", "has no key 'refresh'"),
        new(Kinds, "deploy/k8s/base/kustomization.yaml", "includeTemplates", "includeTemplate", "has no key 'includeTemplate'"),
        new(Kinds, "components/pubsub.yaml", "scopes:", "scope:", "has no key 'scope'"),
        new(Kinds, "deploy/compose/components/payment-store.yaml", "kind: Component", "kind: Components", "is not known"),

        new(Scopes, "components/state-payment.yaml", "scopes: [payment]", "scopes: []", "is open to every service"),
        new(Scopes, "components/secrets.yaml", "scopes: [members, ", "scopes: [member, ", "there is no member"),
        new(Scopes, "deploy/compose/components/pubsub.yaml", ", payment,", ",", "pubsub: payment is missing"),
        new(Scopes, Tree.Production, "scopes:\n- payment\n", "", "payment-store: is open to every service"),

        new(
            Stores, "components/state-payment.yaml",
            "scopes: [payment]",
            "scopes: [payment, web]",
            "components/state-payment.yaml, scopes"),
        new(Stores, "deploy/compose/components/payment-store.yaml", "name: payment-store", "name: pay-store", "payment-store is missing"),
        new(
            Stores, "deploy/compose/components/ordering-store.yaml",
            "actorStateStore",
            "cleanupInterval",
            "ordering-store, actorStateStore"),
        new(Stores, Tree.Local, "type: state.postgresql", "type: state.mysql", "is not of the same type everywhere"),

        new(Settings, "deploy/compose/components/payment-store.yaml", "name: maxConns", "name: maxConnections", "has no maxConnections"),
        new(Settings, Tree.Local, "- name: redisHost", "- name: host", "redisHost is missing"),
        new(Settings, Tree.Local, "type: pubsub.redis", "type: pubsub.rediss", "is not known here"),

        new(Resiliency, "components/resiliency.yaml", "maxRetries: 15", "maxRetries: 3", "is not that of components/resiliency.yaml"),
        new(Resiliency, "components/resiliency.yaml", "payment: { timeout: call }", "pay: { timeout: call }", "payment is missing"),
        new(Resiliency, Compose.File, "file: ./components/resiliency.yaml", "file: ./deploy/resiliency.yaml", "docker-compose.yml"),

        new(Secrets, Tree.Local, "dapr.io/api-token-secret: dapr-api-token", "dapr.io/api-token-secret: api-token", "api-token is missing"),
        new(Secrets, Tree.Local, "key: keyProtection", "key: protection", "has no protection"),
        new(Secrets, Tree.Production, "Owner\n    name: payment-store", "Owner\n    name: pay-store", "secrets: payment-store is missing"),
        new(Secrets, Tree.Production, "key: connectionString", "key: connection", "has no connection"),

        new(
            Network, Tree.Local,
            "name: nobody\n  namespace: daprshop\nspec:\n  podSelector: {}",
            "name: nobody\n  namespace: daprshop\nspec:\n  podSelector:\n    matchLabels:\n      a: b",
            "what is not named is let through"),
        new(Network, Tree.Production, "cidr: 10.200.0.0/24", "cidr: 0.0.0.0/0", "lets out to the world"),
        new(Network, Tree.Local, "values:\n      - basket", "values:\n      - payment", "payment reaches: 5432 is missing"),

        new(Network, Tree.Production, "port: 8089", "port: 8088", "nobody can ask cert-manager's solvers"),

        new(Connections, Tree.Local, "max_connections=200", "max_connections=192", "192 connections, PostgreSQL has 192"),
        new(Connections, Tree.Local, "- max_connections=200", "- log_connections=on", "192 connections, PostgreSQL has 100"),

        new(Shape, Workflow, "permissions: {}", "permission: {}", "has no key 'permission'"),
        new(Shape, ".github/workflows/payment.yml", "packages: write", "packages: all", "must be read or write or none"),
        new(Shape, Dependabot, "interval: weekly", "interval: hourly", "must be daily"),

        new(
            Actions, Workflow,
            "docker/login-action@4907a6ddec9925e35a0a9e82d7399ccc52663121 # v4.1.0",
            "docker/login-action@v4",
            "docker/login-action@v4"),
        new(Actions, Workflow, " # v0.36.0", "", "aquasecurity/trivy-action"),

        new(Rights, Workflow, "permissions: {}", "permissions: { contents: write }", "every job may write contents"),
        new(
            Rights, Workflow,
            "      contents: read\n      packages: write",
            "      contents: write\n      packages: write",
            "image: may write contents"),
        new(Rights, ".github/workflows/payment.yml", "  pull_request:", "  pull_request_target:", "gives its rights to strangers"),

        new(Callers, ".github/workflows/payment.yml", "service: payment", "service: shipping", "payment.yml, service"),
        new(Callers, ".github/workflows/payment.yml", "- services/payment/**", "- services/shipping/**", "push: looks at shipping"),
        new(
            Callers, ".github/workflows/payment.yml",
            "- contracts/dotnet/**",
            "- contracts/events/**",
            "does not look at contracts/dotnet"),
        new(
            Callers, ".github/workflows/payment.yml",
            "uses: ./.github/workflows/service.yml",
            "uses: ./.github/workflows/everything.yml",
            "payment.yml is missing"),
        new(
            Callers, ".github/workflows/shipping-node.yml",
            "- services/shipping-node/**", "- services/shipping/**",
            "push: does not look at services/shipping-node/package.json"),

        new(Everything, ".github/workflows/everything.yml", "bash .ci/run", "dotnet test", ".ci/run is run by 0 workflows"),
        new(
            Everything, ".github/workflows/everything.yml",
            "    timeout-minutes", "    container: { image: debian:13.2 }\n    timeout-minutes", "has other folders and ports"),
        new(Everything, ".github/workflows/everything.yml", "branches: [main]", "branches: [release]", "main is missing"),

        new(Scan, Workflow, "exit-code: \"1\"", "exit-code: \"0\"", "that was not scanned"),
        new(Scan, Workflow, "sbom: \"true\"", "sbom: \"false\"", "what is in it"),
        new(Scan, Workflow, "provenance: mode=max", "provenance: \"false\"", "where it is from"),

        new(Packages, Dependabot, "package-ecosystem: nuget", "package-ecosystem: npm", "nuget of / is not"),
        new(Packages, Dependabot, "    schedule: { interval: weekly }\n    groups", "    groups", "nuget of / is never looked at"),

        new(Images, Dependabot, "/deploy/k8s/base, ", "/deploy/k8s/base, /services, ", "docker finds nothing in /services"),
        new(Images, Dependabot, "compose\n    directory: /", "compose\n    directory: /deploy/compose", "nginx is missing"),
        new(Images, Dependabot, "    multi-ecosystem-group: images\n", "", "one here and one there"),
        new(
            Images, Compose.File,
            "${DAPRD_IMAGE:-daprio/daprd:1.17.6}", "daprio/daprd:${DAPR_VERSION:-1.17.6}", "by hand: daprio/daprd is missing"),
        new(Images, "deploy/compose/kafka.yml", "apache/kafka:", "bitnami/kafka:", "by hand: apache/kafka is too much"),

        new(
            Dashboards, $"{Observability}/grafana/dashboards/orders.json",
            "rate(daprshop_order_events_total[1m])", "rate(daprshop_order_events[1m])", "nobody has daprshop_order_events"),
        new(
            Dashboards, $"{Observability}/grafana/dashboards/services.json",
            "http_response_status_code=~", "http_status_code=~", "http_server_request_duration_seconds_count has no http_status_code"),
        new(
            Dashboards, $"{Observability}/grafana/dashboards/services.json",
            "sum by (service_name) (rate(http", "sum by (service) (rate(http", "nothing has service"),
        new(
            Dashboards, $"{Observability}/grafana/dashboards/services.json",
            "sum by (service_name) (rate(http", "sum by (http_route) (rate(http", "service_name of the legend is not kept"),

        new(
            OwnMetrics, "services/ordering/OrderMetrics.cs",
            "daprshop.order.events\", \"{event}", "daprshop.order.happened\", \"{event}", "daprshop_order_happened_total is missing"),
        new(
            OwnMetrics, "services/ordering/OrderMetrics.cs",
            "saga.duration\", \"s\"", "saga.duration\", \"ms\"", "daprshop_order_saga_duration_seconds_bucket is too much"),

        new(Sources, $"{Observability}/prometheus.yaml", "- payment-dapr:9090", "- payment:9090", "payment-dapr:9090 is missing"),
        new(Sources, $"{Observability}/collector.yaml", "0.0.0.0:8889", "0.0.0.0:8888", "collector:8888 is missing"),
        new(Sources, $"{Observability}/jaeger.yaml", "0.0.0.0:4317", "0.0.0.0:4318", "is 'jaeger:4317', not 'jaeger:4318'"),
        new(Sources, $"{Observability}/prometheus.yaml", "redis-exporter:9121", "exporter:9121", "cannot reach exporter"),
        new(
            Sources, $"{Observability}.yml",
            "inventory, basket, ordering, payment, shipping", "inventory, basket, ordering, shipping",
            "payment: cannot reach the collector"),
        new(Sources, $"{Observability}.yml", "payment: *telemetry", "payment: {}", "payment: is ''"),
    ];
}
