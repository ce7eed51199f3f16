using DaprShop.Local.Configuration;

namespace DaprShop.Local.Tests.Configuration;

public sealed class ResourceFileTests
{
    private const string Header = "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: { name: x }\n";
    private const string Component =
        "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: c\nspec:\n  type: state.sqlite\n  version: v1\n";

    private const string Subscription = "apiVersion: dapr.io/v2alpha1\nkind: Subscription\nmetadata: { name: s }\n";

    [Theory]
    [InlineData("kind: Component", "1: 'apiVersion' is required")]
    [InlineData("apiVersion: dapr.io/v1\nkind: Component\nmetadata: { name: x }", "1: apiVersion 'dapr.io/v1' of a Component must be")]
    [InlineData("apiVersion: dapr.io/v1alpha1\nkind: Komponent\nmetadata: { name: x }", "2: kind 'Komponent' is not served locally")]
    [InlineData("apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: { nme: x }", "3: unknown key 'nme'; did you mean 'name'?")]
    [InlineData(Header, "1: 'spec' is required")]
    [InlineData(Header + "spec: { type: a }", "4: 'version' is required")]
    [InlineData(Header + "spec: { type: a, version: v1 }\nscope: [y]", "5: unknown key 'scope'; did you mean 'scopes'?")]
    [InlineData(Component + "  metadata:\n  - nam: x", "9: unknown key 'nam'")]
    [InlineData(Component + "  metadata:\n  - name: x\n    envRef: DAPRSHOP_NOT_SET", "10: the environment variable DAPRSHOP_NOT_SET")]
    [InlineData(
        Component + "  metadata:\n  - name: x\n    secretKeyRef: { name: s }",
        "10: setting 'x' needs a secret, but the component names no store")]
    [InlineData(
        Component + "  metadata:\n  - name: x\n    secretKeyRef: { name: s }\nauth: { secretStore: no }",
        "11: there is no secret store 'no'")]
    [InlineData(Component + "---\n" + Component, "9: component 'c' is already in test.yaml:1")]
    [InlineData(
        Component + "---\napiVersion: dapr.io/v1alpha1\nkind: Resiliency\nmetadata: { name: r }",
        "10: Resiliency 'r' needs a file of its own")]
    [InlineData(Subscription + "spec: { topic: t, pubsubname: p, routes: {} }", "4: 'routes' needs rules")]
    [InlineData(Subscription + "spec: { topic: t, pubsubname: p, route: /x }", "4: unknown key 'route'; did you mean 'routes'?")]
    public void Names_file_line_and_mistake(string text, string message)
    {
        var error = Assert.Throws<ConfigurationError>(() => ResourceFiles.Parse(text, "test.yaml"));
        Assert.Contains("test.yaml:" + message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Reads_components_their_scopes_and_their_secrets()
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, """{"redis": {"password": "open sesame"}}""");
        Environment.SetEnvironmentVariable("DAPRSHOP_TEST_HOST", "here");

        var resources = ResourceFiles.Parse($$"""
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: { name: vault }
            spec:
              type: secretstores.local.file
              version: v1
              metadata:
              - { name: secretsFile, value: "{{file.Replace('\\', '/')}}" }
            ---
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: { name: store }
            spec:
              type: state.redis
              version: v1
              metadata:
              - { name: redisHost, envRef: DAPRSHOP_TEST_HOST }
              - { name: redisPassword, secretKeyRef: { name: "redis:password" } }
              - { name: actorStateStore, value: "true" }
            scopes: [ordering]
            auth: { secretStore: vault }
            """, "test.yaml");

        File.Delete(file);
        var store = resources.Components[1];
        Assert.Equal("here", store.Metadata["REDISHOST"]);
        Assert.Equal("open sesame", store.Metadata["redisPassword"]);
        Assert.Equal("true", store.Metadata["actorStateStore"]);
        Assert.True(store.IsFor("ordering"));
        Assert.False(store.IsFor("basket"));
    }

    [Fact]
    public void Both_versions_of_a_subscription_have_one_form()
    {
        var subscriptions = ResourceFiles.Parse("""
            apiVersion: dapr.io/v1alpha1
            kind: Subscription
            metadata: { name: old }
            spec: { topic: t, pubsubname: p, route: /r, deadLetterTopic: d }
            scopes: [a]
            ---
            apiVersion: dapr.io/v2alpha1
            kind: Subscription
            metadata: { name: new }
            spec:
              topic: t
              pubsubname: p
              routes:
                rules: [{ match: 'event.type == "x"', path: /x }]
                default: /rest
              bulkSubscribe: { enabled: true, maxMessagesCount: 7 }
            """, "test.yaml").Subscriptions;

        Assert.Equal([new SubscriptionRoute(null, "/r")], subscriptions[0].Routes);
        Assert.Equal("d", subscriptions[0].DeadLetterTopic);
        Assert.Equal([new SubscriptionRoute("event.type == \"x\"", "/x"), new SubscriptionRoute(null, "/rest")], subscriptions[1].Routes);
        Assert.Equal(new BulkSubscribe(7, 1000), subscriptions[1].Bulk);
    }
}
