using static DaprShop.Deployment.Tests.Shape;

namespace DaprShop.Deployment.Tests;

/// <summary>The kinds that no library knows, as far as they are used here.</summary>
public static class Shapes
{
    private static readonly Shape s_metadata =
        Map(("name!", Text), ("namespace", Text), ("labels", MapOf(Text)), ("annotations", MapOf(Text)));
    private static readonly Shape s_policyRef = Map(("timeout", Text), ("retry", Text), ("circuitBreaker", Text));

    /// <summary>https://docs.dapr.io/reference/resource-specs/ and https://external-secrets.io/latest/api/externalsecret/</summary>
    public static IReadOnlyDictionary<string, Shape> ByKind { get; } = new Dictionary<string, Shape>
    {
        ["dapr.io/v1alpha1 Component"] = Document(
            Map(
                ("type!", Text), ("version!", Text), ("ignoreErrors", Flag), ("initTimeout", Text),
                ("metadata", ListOf(Map(("name!", Text), ("value", Text), ("secretKeyRef", Map(("name!", Text), ("key!", Text))))))),
            ("auth", Map(("secretStore!", Text))),
            ("scopes", Texts)),
        ["dapr.io/v1alpha1 Configuration"] = Document(Map(
            ("accessControl", Map(
                ("defaultAction!", OneOf("deny")),
                ("trustDomain!", Text),
                ("policies", ListOf(Map(
                    ("appId!", Text), ("defaultAction!", OneOf("deny")), ("trustDomain!", Text), ("namespace!", Text),
                    ("operations!", ListOf(Map(
                        ("name!", Text),
                        ("httpVerb!", ListOf(OneOf("GET", "POST", "PUT", "DELETE", "PATCH", "*"))),
                        ("action!", OneOf("allow")))))))))),
            ("tracing", Map(
                ("samplingRate!", Text),
                ("otel", Map(("endpointAddress!", Text), ("isSecure!", Flag), ("protocol!", OneOf("grpc", "http")))))),
            ("metrics", Map(("enabled", Flag), ("http", Map(("increasedCardinality", Flag), ("pathMatching", Texts))))),
            ("mtls", Map(
                ("enabled", Flag), ("sentryAddress", Text), ("controlPlaneTrustDomain", Text), ("workloadCertTTL", Text),
                ("allowedClockSkew", Text))),
            ("nameResolution", Map(("component!", Text), ("version!", Text), ("configuration", Anything))),
            ("secrets", Map(("scopes!", ListOf(Map(
                ("storeName!", Text), ("defaultAccess", OneOf("allow", "deny")), ("allowedSecrets", Texts), ("deniedSecrets", Texts)))))))),
        ["dapr.io/v1alpha1 Resiliency"] = Document(
            Map(
                ("policies!", Map(
                    ("timeouts", MapOf(Text)),
                    ("retries", MapOf(Map(
                        ("policy!", OneOf("constant", "exponential")), ("duration", Text), ("maxInterval", Text), ("maxRetries", Text),
                        ("matching", Map(("httpStatusCodes", Text), ("gRPCStatusCodes", Text)))))),
                    ("circuitBreakers", MapOf(Map(("maxRequests", Text), ("interval", Text), ("timeout", Text), ("trip", Text)))))),
                ("targets!", Map(
                    ("apps", MapOf(s_policyRef)),
                    ("actors", MapOf(s_policyRef)),
                    ("components", MapOf(Map(("inbound", s_policyRef), ("outbound", s_policyRef))))))),
            ("scopes", Texts)),
        ["external-secrets.io/v1 ExternalSecret"] = Document(Map(
            ("refreshInterval!", Text),
            ("secretStoreRef!", Map(("kind!", OneOf("ClusterSecretStore", "SecretStore")), ("name!", Text))),
            ("target!", Map(("name!", Text), ("creationPolicy", OneOf("Owner", "Merge", "Orphan", "None")))),
            ("dataFrom!", ListOf(Map(("extract!", Map(("key!", Text)))))))),
    };

    /// <summary>https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/, without what is deprecated.</summary>
    public static Shape Kustomization { get; } = Map(
        ("apiVersion!", OneOf("kustomize.config.k8s.io/v1beta1")),
        ("kind!", OneOf("Kustomization")),
        ("namespace", Text),
        ("labels", ListOf(Map(("pairs!", MapOf(Text)), ("includeSelectors", Flag), ("includeTemplates", Flag)))),
        ("resources", Texts),
        ("images", ListOf(Map(("name!", Text), ("newName", Text), ("newTag!", Text)))),
        ("patches", ListOf(Map(
            ("path", Text), ("patch", Text),
            ("target", Map(("group", Text), ("version", Text), ("kind", Text), ("name", Text), ("labelSelector", Text)))))),
        ("generatorOptions", Map(("disableNameSuffixHash", Flag), ("labels", MapOf(Text)))),
        ("configMapGenerator", ListOf(Map(("name!", Text), ("files", Texts), ("literals", Texts)))),
        ("secretGenerator", ListOf(Map(("name!", Text), ("literals", Texts), ("envs", Texts), ("files", Texts)))));

    private static readonly Shape s_permissions = MapOf(OneOf("read", "write", "none"));
    private static readonly Shape s_push = Map(("branches", Texts), ("paths", Texts), ("tags", Texts));

    /// <summary>https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax. Rights are to be named.</summary>
    public static Shape Workflow { get; } = Map(
        ("name!", Text),
        ("on!", Map(
            ("push", s_push), ("pull_request", s_push), ("workflow_dispatch", Anything), ("schedule", ListOf(Map(("cron!", Text)))),
            ("workflow_call", Map(("inputs", MapOf(Map(("description", Text), ("type!", Text), ("required", Flag), ("default", Text)))))))),
        ("permissions!", s_permissions),
        ("concurrency", Map(("group!", Text), ("cancel-in-progress", Text))),
        ("env", MapOf(Text)),
        ("defaults", Map(("run!", Map(("shell!", Text))))),
        ("jobs!", MapOf(
            Map(("uses!", Text), ("with", MapOf(Text)), ("permissions!", s_permissions), ("needs", Text.Or(Texts)), ("if", Text)).Or(Map(
                ("name", Text), ("runs-on!", OneOf("ubuntu-24.04")), ("container", Map(("image!", Text), ("options", Text))),
                ("needs", Text.Or(Texts)), ("if", Text), ("permissions!", s_permissions), ("timeout-minutes!", Text), ("env", MapOf(Text)),
                ("steps!", ListOf(Map(
                    ("name", Text), ("id", Text), ("if", Text), ("uses", Text), ("run", Text), ("with", MapOf(Text)),
                    ("env", MapOf(Text))))))))));

    private static readonly Shape s_schedule = Map(("interval!", OneOf("daily", "weekly", "monthly")));

    /// <summary>https://docs.github.com/code-security/dependabot/working-with-dependabot/dependabot-options-reference</summary>
    public static Shape Dependabot { get; } = Map(
        ("version!", OneOf("2")),
        ("multi-ecosystem-groups", MapOf(Map(("schedule!", s_schedule)))),
        ("updates!", ListOf(Map(
            ("package-ecosystem!", OneOf("nuget", "github-actions", "docker", "docker-compose", "npm")),
            ("directory", Text), ("directories", Texts),
            ("schedule", s_schedule),
            ("multi-ecosystem-group", Text), ("patterns", Texts),
            ("ignore", ListOf(Map(("dependency-name!", Text), ("update-types", Texts)))),
            ("open-pull-requests-limit", Text),
            ("groups", MapOf(Map(("patterns!", Texts))))))));

    private static Shape Document(Shape spec, params (string, Shape)[] more) =>
        Map([("apiVersion!", Text), ("kind!", Text), ("metadata!", s_metadata), ("spec!", spec), .. more]);
}
