namespace DaprShop.Conformance.Tests.Sidecars;

/// <summary>The files that every set of sidecars is started with.</summary>
internal static class ResourceTexts
{
    public static IEnumerable<(string Name, string Text)> Of(TestWorld world)
    {
        var folder = world.Folder.Replace('\\', '/');
        yield return ("resources/state.yaml", State(folder));
        yield return ("resources/pubsub.yaml", PubSub);
        yield return ("resources/secrets.yaml", Secrets(folder));
        yield return ("secrets.json", """{"cave": {"door": "open sesame"}, "plain": "42"}""");
        yield return ("resources/resiliency.yaml", Resiliency);
        yield return ("resources/resiliency-defaults.yaml", Defaults);
        if (world.Sidecars.RedisHost is { } redis)
        {
            yield return ("resources/redis.yaml", Redis(redis));
            if (world.Apps.Any(app => app.HealthCheck is not null)) yield return ("resources/lasting.yaml", Lasting(redis));
        }
        if (world.Find("echo") is { } echo)
        {
            yield return ("resources/bindings.yaml", Bindings(echo.Port, world["flaky"].Port, world.Mail.Port));
            yield return ("resources/subscriptions.yaml", Subscriptions);
        }
        if (world.Find("speaker") is not null) yield return ("resources/spoken.yaml", Spoken);
        foreach (var app in new[] { "js", "js-grpc", "patient" })
            if (world.Find(app) is not null) yield return ($"resources/{app}-tick.yaml", Cron($"{app}-tick", "@every 1s", app, s_input));
        if (world.Find("patient") is not null) yield return ("resources/patient-tock.yaml", Cron("patient-tock", "@every 1h", "patient"));
        foreach (var app in world.Apps)
            yield return ($"config/{app.Id}.yaml", Configuration(app.Id, folder, More(app.Id, world.Collector)));
    }

    private static readonly (string, string)[] s_input = [("direction", "input")];

    private static string State(string folder) => Documents(
        Component("store", "state.sqlite", [("connectionString", $"{folder}/state.db"), ("actorStateStore", "true")]),
        Component("memory", "state.in-memory"),
        Component("shared", "state.sqlite", [("connectionString", $"{folder}/shared.db"), ("keyPrefix", "none")]),
        Component("foreign", "state.in-memory", scope: "echo"),
        Component("own", "state.sqlite", [("connectionString", $"{folder}/{{appID}}.{{namespace}}.db")]),
        Component("brittle", "state.in-memory"),
        Component("busy", "state.sqlite", [("connectionString", $"{folder}/busy.db"), ("busyTimeout", "20ms")], "caller"),
        Component("short", "state.sqlite", [("connectionString", $"{folder}/short.db"), ("busyTimeout", "20ms")], "caller"),
        Component("slow", "state.sqlite", [("connectionString", $"{folder}/slow.db"), ("busyTimeout", "20s")], "caller"));

    private static string PubSub => Documents(
        Component("pubsub", "pubsub.in-memory"),
        Component(
            "scoped", "pubsub.in-memory",
            [("publishingScopes", "events=open;caller="), ("allowedTopics", "open,kept"), ("protectedTopics", "kept")]),
        Component("tight", "pubsub.in-memory"),
        Component("foreign-pubsub", "pubsub.in-memory", scope: "echo"));

    private static string Secrets(string folder) => Documents(
        Component("files", "secretstores.local.file", [("secretsFile", $"{folder}/secrets.json")]),
        Component("vault", "secretstores.local.file", [("secretsFile", $"{folder}/secrets.json")]),
        Component("env", "secretstores.local.env", [("prefix", "CONFORM_")]));

    private static string Redis(string host) => Documents(
        Component("config", "configuration.redis", [("redisHost", host)]),
        Component("locks", "lock.redis", [("redisHost", host)]));

    /// <summary>Keeps what nobody hears for now; what nobody is done with comes again after some seconds. (Of a
    /// subscription that has ended, daprd's component goes on to read one event, on a connection that is lost until then.)</summary>
    private static string Lasting(string host) => Documents(
        Component(
            "lasting", "pubsub.redis",
            [("redisHost", host), ("processingTimeout", "4s"), ("redeliverInterval", "1s"), ("poolSize", "300")]),
        """
        apiVersion: dapr.io/v2alpha1
        kind: Subscription
        metadata: { name: lasting-words }
        spec: { pubsubname: lasting, topic: lasting-words, routes: { default: /on/lasting-words } }
        scopes: [speaker, late]
        """);

    private static string Spoken => Documents(Cron("spoken-tick", "@every 1s", "speaker"), Cron("spoken-tock", "@every 1s", "speaker"));

    private static string Bindings(int echoPort, int flakyPort, int mailPort) => Documents(
        Cron("tick", "@every 1s", "events", s_input),
        Cron("tock", "@every 1s", "events", ("route", "/cron/tock")),
        Component("web", "bindings.http", [("url", $"http://127.0.0.1:{echoPort}/bound")]),
        Component("web-tolerant", "bindings.http", [("url", $"http://127.0.0.1:{echoPort}/bound"), ("errorIfNot2XX", "false")]),
        Component(
            "web-strict", "bindings.http",
            [
                ("url", $"http://127.0.0.1:{echoPort}/bound"), ("securityToken", "open sesame"), ("securityTokenHeader", "x-cave"),
                ("maxResponseBodySize", "1Ki"),
            ]),
        Component("web-late", "bindings.http", [("url", $"http://127.0.0.1:{flakyPort}"), ("responseTimeout", "100ms")]),
        Component("web-patient", "bindings.http", [("url", $"http://127.0.0.1:{echoPort}/bound"), ("responseTimeout", "2000h")]),
        Component("web-away", "bindings.http", [("url", "http://127.0.0.1:1/x")]),
        Component("web-flaky", "bindings.http", [("url", $"http://127.0.0.1:{flakyPort}")]),
        Component("web-slow", "bindings.http", [("url", $"http://127.0.0.1:{flakyPort}")]),
        Component(
            "mail", "bindings.smtp",
            [
                ("host", "127.0.0.1"), ("port", $"{mailPort}"), ("skipTLSVerify", "true"),
                ("emailFrom", "shop@example.com"), ("emailTo", "ann@example.com"), ("subject", "news"),
            ]));

    private const string Resiliency = """
        apiVersion: dapr.io/v1alpha1
        kind: Resiliency
        metadata: { name: resiliency }
        spec:
          policies:
            timeouts: { short: 1s }
            retries:
              twice: { policy: constant, duration: 10ms, maxRetries: 2 }
              thrice: { policy: constant, duration: 10ms, maxRetries: 3 }
              long: { policy: constant, duration: 50ms, maxRetries: 2000 }
              unavailable:
                policy: constant
                duration: 10ms
                maxRetries: 3
                matching: { httpStatusCodes: "503" }
              away:
                policy: constant
                duration: 10ms
                maxRetries: 3
                matching: { gRPCStatusCodes: "14" }
            circuitBreakers:
              third: { trip: totalFailures > 2, timeout: 1h }
              patient: { trip: totalFailures > 30, timeout: 1h }
          targets:
            apps:
              flaky: { retry: unavailable }
              tardy: { timeout: short, retry: unavailable }
              fragile: { circuitBreaker: third, circuitBreakerCacheSize: 2 }
              stutterer: { retry: away, circuitBreaker: patient }
              drawler: { timeout: short, retry: away }
            components:
              pubsub:
                inbound: { retry: thrice }
              config:
                inbound: { retry: thrice }
              web-flaky:
                outbound: { retry: thrice }
              web-slow:
                outbound: { retry: thrice, timeout: short }
              brittle:
                outbound: { retry: twice, circuitBreaker: third }
              busy:
                outbound: { retry: long }
              short:
                outbound: { retry: twice }
              slow:
                outbound: { timeout: short }
              vault:
                outbound: { retry: twice, circuitBreaker: third }
              tight:
                inbound: { circuitBreaker: third }
                outbound: { circuitBreaker: third }
        """;

    private const string Defaults = """
        apiVersion: dapr.io/v1alpha1
        kind: Resiliency
        metadata: { name: defaults }
        spec:
          policies:
            circuitBreakers:
              DefaultSecretstoreComponentOutboundCircuitBreakerPolicy: { trip: totalFailures > 0, timeout: 1h }
        scopes: [flaky]
        """;

    private const string Subscriptions = """
        apiVersion: dapr.io/v2alpha1
        kind: Subscription
        metadata: { name: declared }
        spec:
          pubsubname: pubsub
          topic: declared
          routes:
            rules:
              - { match: 'event.type == "special"', path: /on/declared-special }
            default: /on/declared
        scopes: [events]
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Subscription
        metadata: { name: declared-old }
        spec: { pubsubname: pubsub, topic: declared-old, route: /on/declared-old }
        scopes: [events]
        ---
        apiVersion: dapr.io/v2alpha1
        kind: Subscription
        metadata: { name: declared-elsewhere }
        spec: { pubsubname: pubsub, topic: declared-elsewhere, routes: { default: /on/declared-elsewhere } }
        scopes: [caller]
        """;

    private const string AccessControl = """
          accessControl:
            defaultAction: deny
            trustDomain: public
            policies:
              - appId: caller
                defaultAction: deny
                trustDomain: public
                namespace: default
                operations:
                  - { name: /open, httpVerb: ['*'], action: allow }
                  - { name: /read/*, httpVerb: [GET], action: allow }
                  - { name: /shut, httpVerb: ['*'], action: deny }
              - appId: echo
                defaultAction: allow
                trustDomain: public
                namespace: default
                operations:
                  - { name: /shut, httpVerb: [POST], action: deny }
        """;

    private const string TwiceGuarded = """
          accessControl:
            defaultAction: deny
            trustDomain: public
            policies:
              - { appId: caller, defaultAction: deny, trustDomain: public, namespace: default }
              - { appId: caller, defaultAction: allow, trustDomain: public, namespace: default }
              - { appId: caller, defaultAction: deny, trustDomain: public, namespace: elsewhere }
              - { appId: echo, defaultAction: allow, trustDomain: public, namespace: default }
              - { appId: echo, defaultAction: allow, trustDomain: elsewhere, namespace: default }
        """;

    private const string SecretScopes = """
          secrets:
            scopes:
              - { storeName: files, defaultAccess: deny, allowedSecrets: [plain] }
              - { storeName: vault, deniedSecrets: ['cave:door'] }
        """;

    private static string Documents(params string[] documents) => string.Join("\n---\n", documents);

    /// <param name="scope">The one app that has it; null for all.</param>
    private static string Component(string name, string type, (string Name, string Value)[]? settings = null, string? scope = null) => $$"""
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: {{name}} }
        spec:
          type: {{type}}
          version: v1
          metadata: [{{string.Join(", ", (settings ?? []).Select(Setting))}}]
        scopes: [{{scope}}]
        """;

    private static string Setting((string Name, string Value) setting) => $$"""{ name: {{setting.Name}}, value: "{{setting.Value}}" }""";

    private static string Cron(string name, string schedule, string scope, params (string Name, string Value)[] more) =>
        Component(name, "bindings.cron", [("schedule", schedule), .. more], scope);

    private static string More(string app, Uri? collector) =>
        app switch
        {
            "guarded" or "guarded-speaker" => AccessControl,
            "twice-guarded" => TwiceGuarded,
            "fragile" => SecretScopes,
            _ => collector is null ? "" : Tracing(app, collector),
        };

    /// <summary>Everything is traced; of what <c>flaky</c> is asked, nothing.</summary>
    private static string Tracing(string app, Uri collector) => $"""
          tracing:
            samplingRate: "{(app == "flaky" ? 0 : 1)}"
            otel:
              endpointAddress: {collector.Authority}
              isSecure: false
              protocol: http
        """;

    private static string Configuration(string app, string folder, string more) => $$"""
        apiVersion: dapr.io/v1alpha1
        kind: Configuration
        metadata: { name: {{app}} }
        spec:
          nameResolution:
            component: sqlite
            version: v1
            configuration: { connectionString: "{{folder}}/names.db" }
        {{more}}
        """;
}
