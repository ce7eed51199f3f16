namespace DaprShop.Conformance.Tests.Sidecars;

/// <summary>The files that every set of sidecars is started with; FOLDER and REDIS are filled in.</summary>
internal static class ResourceTexts
{
    public static IEnumerable<(string Name, string Text)> Of(TestWorld world)
    {
        yield return ("resources/state.yaml", State);
        yield return ("resources/pubsub.yaml", PubSub);
        yield return ("resources/secrets.yaml", Secrets);
        yield return ("secrets.json", """{"cave": {"door": "open sesame"}, "plain": "42"}""");
        yield return ("resources/resiliency.yaml", Resiliency);
        yield return ("resources/resiliency-defaults.yaml", Defaults);
        if (world.Sidecars.RedisHost is not null) yield return ("resources/redis.yaml", Redis);
        if (world.Find("echo") is { } echo)
        {
            yield return ("resources/bindings.yaml", Bindings(echo.Port, world["flaky"].Port, world.Mail.Port));
            yield return ("resources/subscriptions.yaml", Subscriptions);
        }
        if (world.Sidecars.RedisHost is not null && world.Apps.Any(app => app.HealthCheck is not null)) yield return ("resources/lasting.yaml", Lasting);
        if (world.Find("speaker") is not null) yield return ("resources/spoken.yaml", Spoken);
        foreach (var app in new[] { "js", "js-grpc", "patient" })
            if (world.Find(app) is not null) yield return ($"resources/{app}-tick.yaml", Tick(app));
        if (world.Find("patient") is not null) yield return ("resources/patient-tock.yaml", PatientTock);
        foreach (var app in world.Apps)
            yield return ($"config/{app.Id}.yaml", Configuration(app.Id, app.Id == "guarded" ? AccessControl : ""));
    }

    private const string State = """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: store }
        spec:
          type: state.sqlite
          version: v1
          metadata:
            - { name: connectionString, value: "FOLDER/state.db" }
            - { name: actorStateStore, value: "true" }
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: memory }
        spec: { type: state.in-memory, version: v1 }
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: shared }
        spec:
          type: state.sqlite
          version: v1
          metadata:
            - { name: connectionString, value: "FOLDER/shared.db" }
            - { name: keyPrefix, value: none }
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: foreign }
        spec: { type: state.in-memory, version: v1 }
        scopes: [echo]
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: brittle }
        spec: { type: state.in-memory, version: v1 }
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: busy }
        spec:
          type: state.sqlite
          version: v1
          metadata:
            - { name: connectionString, value: "FOLDER/busy.db" }
            - { name: busyTimeout, value: 20ms }
        scopes: [caller]
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: short }
        spec:
          type: state.sqlite
          version: v1
          metadata:
            - { name: connectionString, value: "FOLDER/short.db" }
            - { name: busyTimeout, value: 20ms }
        scopes: [caller]
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: slow }
        spec:
          type: state.sqlite
          version: v1
          metadata:
            - { name: connectionString, value: "FOLDER/slow.db" }
            - { name: busyTimeout, value: 20s }
        scopes: [caller]
        """;

    private const string PubSub = """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: pubsub }
        spec: { type: pubsub.in-memory, version: v1 }
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: scoped }
        spec:
          type: pubsub.in-memory
          version: v1
          metadata:
            - { name: publishingScopes, value: "events=open;caller=" }
            - { name: allowedTopics, value: "open,kept" }
            - { name: protectedTopics, value: "kept" }
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: tight }
        spec: { type: pubsub.in-memory, version: v1 }
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: foreign-pubsub }
        spec: { type: pubsub.in-memory, version: v1 }
        scopes: [echo]
        """;

    private const string Secrets = """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: files }
        spec:
          type: secretstores.local.file
          version: v1
          metadata: [{ name: secretsFile, value: "FOLDER/secrets.json" }]
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: vault }
        spec:
          type: secretstores.local.file
          version: v1
          metadata: [{ name: secretsFile, value: "FOLDER/secrets.json" }]
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: env }
        spec:
          type: secretstores.local.env
          version: v1
          metadata: [{ name: prefix, value: CONFORM_ }]
        """;

    private const string Redis = """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: config }
        spec:
          type: configuration.redis
          version: v1
          metadata: [{ name: redisHost, value: "REDIS" }]
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: locks }
        spec:
          type: lock.redis
          version: v1
          metadata: [{ name: redisHost, value: "REDIS" }]
        """;

    /// <summary>Keeps what nobody hears for now; what nobody is done with comes again after some seconds. (Of a
    /// subscription that has ended, daprd's component goes on to read one event, on a connection that is lost until then.)</summary>
    private const string Lasting = """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: lasting }
        spec:
          type: pubsub.redis
          version: v1
          metadata:
            - { name: redisHost, value: "REDIS" }
            - { name: processingTimeout, value: 4s }
            - { name: redeliverInterval, value: 1s }
            - { name: poolSize, value: "300" }
        ---
        apiVersion: dapr.io/v2alpha1
        kind: Subscription
        metadata: { name: lasting-words }
        spec: { pubsubname: lasting, topic: lasting-words, routes: { default: /on/lasting-words } }
        scopes: [speaker, late]
        """;

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
              long: { policy: constant, duration: 50ms, maxRetries: 200 }
              unavailable:
                policy: constant
                duration: 10ms
                maxRetries: 3
                matching: { httpStatusCodes: "503" }
            circuitBreakers:
              third: { trip: totalFailures > 2, timeout: 1h }
          targets:
            apps:
              flaky: { timeout: short, retry: unavailable }
            components:
              pubsub:
                inbound: { retry: thrice }
              web-flaky:
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

    private static string Bindings(int echoPort, int flakyPort, int mailPort) => $$"""
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: tick }
        spec:
          type: bindings.cron
          version: v1
          metadata:
            - { name: schedule, value: "@every 1s" }
            - { name: direction, value: input }
        scopes: [events]
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: tock }
        spec:
          type: bindings.cron
          version: v1
          metadata:
            - { name: schedule, value: "@every 1s" }
            - { name: route, value: /cron/tock }
        scopes: [events]
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: web }
        spec:
          type: bindings.http
          version: v1
          metadata: [{ name: url, value: "http://127.0.0.1:{{echoPort}}/bound" }]
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: web-tolerant }
        spec:
          type: bindings.http
          version: v1
          metadata:
            - { name: url, value: "http://127.0.0.1:{{echoPort}}/bound" }
            - { name: errorIfNot2XX, value: "false" }
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: web-flaky }
        spec:
          type: bindings.http
          version: v1
          metadata: [{ name: url, value: "http://127.0.0.1:{{flakyPort}}" }]
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: mail }
        spec:
          type: bindings.smtp
          version: v1
          metadata:
            - { name: host, value: "127.0.0.1" }
            - { name: port, value: "{{mailPort}}" }
            - { name: skipTLSVerify, value: "true" }
            - { name: emailFrom, value: "shop@example.com" }
            - { name: emailTo, value: "ann@example.com" }
            - { name: subject, value: "news" }
        """;

    private const string Spoken = """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: spoken-tick }
        spec:
          type: bindings.cron
          version: v1
          metadata: [{ name: schedule, value: "@every 1s" }]
        scopes: [speaker]
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: spoken-tock }
        spec:
          type: bindings.cron
          version: v1
          metadata: [{ name: schedule, value: "@every 1s" }]
        scopes: [speaker]
        """;

    private const string PatientTock = """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: patient-tock }
        spec:
          type: bindings.cron
          version: v1
          metadata: [{ name: schedule, value: "@every 1h" }]
        scopes: [patient]
        """;

    private static string Tick(string app) => $$"""
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: {{app}}-tick }
        spec:
          type: bindings.cron
          version: v1
          metadata:
            - { name: schedule, value: "@every 1s" }
            - { name: direction, value: input }
        scopes: [{{app}}]
        """;

    private static string Configuration(string app, string more) => $"""
        apiVersion: dapr.io/v1alpha1
        kind: Configuration
        metadata: {"{"} name: {app} {"}"}
        spec:
          nameResolution:
            component: sqlite
            version: v1
            configuration: {"{"} connectionString: "FOLDER/names.db" {"}"}
        {more}
        """;
}
