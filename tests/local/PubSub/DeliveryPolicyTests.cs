using System.Net.Http.Json;
using DaprShop.Local.Configuration;
using DaprShop.Local.PubSub;
using DaprShop.Local.Resiliency;
using DaprShop.Testing;
using Microsoft.Extensions.Time.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace DaprShop.Local.Tests.PubSub;

/// <summary>Inbound policies of Resiliency files decide how often, and how soon, a failed message comes again.</summary>
public sealed class DeliveryPolicyTests
{
    private const string Components = """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: pubsub }
        spec: { type: pubsub.in-memory, version: v1, metadata: [{ name: redeliverInterval, value: 50ms }] }
        """;

    private const string Subscriptions = """
        [{"pubsubname":"pubsub","topic":"t","route":"/t","deadLetterTopic":"dead"},
         {"pubsubname":"pubsub","topic":"dead","route":"/dead"}]
        """;

    private static async Task<ShopHost> StartAsync(EventApp app, string retry, string timeout = "", TimeProvider? time = null)
    {
        var policies = $$"""
            apiVersion: dapr.io/v1alpha1
            kind: Resiliency
            metadata: { name: test }
            spec:
              policies:
                timeouts: { t: 200ms }
                retries: { r: {{retry}} }
              targets: { components: { pubsub: { inbound: { retry: r {{timeout}} } } } }
            """;
        return await ShopHost.StartAsync(shop => shop.Resources(Components).Service("reader", app.Create)
            .Runtime(services => services.AddSingleton(
                new ResiliencyPolicies([ResiliencySpec.Parse(policies, "test")], time ?? TimeProvider.System))));
    }

    private static async Task PublishAsync(ShopHost shop) =>
        (await shop.DaprHttp("reader").PostAsync("v1.0/publish/pubsub/t", JsonContent.Create(1))).EnsureSuccessStatusCode();

    [Fact]
    public async Task A_message_is_tried_again_as_the_policy_says_and_then_goes_to_the_dead_letters()
    {
        var app = new EventApp(Subscriptions, delivery => delivery.Path == "/t" ? (500, "") : (200, ""));
        await using var shop = await StartAsync(app, "{ policy: constant, duration: 10ms, maxRetries: 3 }");
        await PublishAsync(shop);
        Assert.Equal(["/t", "/t", "/t", "/t", "/dead"], (await app.NextAsync(5)).Select(delivery => delivery.Path));
    }

    [Fact]
    public async Task A_success_ends_the_tries()
    {
        var calls = 0;
        var app = new EventApp(Subscriptions, _ => (Interlocked.Increment(ref calls) < 3 ? 503 : 200, ""));
        await using var shop = await StartAsync(app, "{ policy: constant, duration: 10ms, maxRetries: 5 }");
        await PublishAsync(shop);
        await app.NextAsync(3);
        var broker = shop.Runtime.GetRequiredService<Broker>();
        await ShopHost.EventuallyAsync(() => Task.FromResult(broker.Depths().All(queue => queue.Depth == 0)));
        Assert.All(app.Log, delivery => Assert.Equal("/t", delivery.Path));
        Assert.Equal(3, app.Log.Count);
    }

    [Fact]
    public async Task A_status_that_the_policy_does_not_name_is_not_tried_again()
    {
        var app = new EventApp(Subscriptions, delivery => delivery.Path == "/t" ? (400, "") : (200, ""));
        await using var shop = await StartAsync(
            app, "{ policy: constant, duration: 10ms, maxRetries: 3, matching: { httpStatusCodes: 500-599 } }");
        await PublishAsync(shop);
        Assert.Equal(["/t", "/dead"], (await app.NextAsync(2)).Select(delivery => delivery.Path));
    }

    [Fact]
    public async Task A_delivery_that_takes_too_long_has_failed()
    {
        var clock = new FakeTimeProvider();
        var release = new TaskCompletionSource();
        var app = new EventApp(Subscriptions) { Hold = delivery => delivery.Path == "/t" ? release.Task : Task.CompletedTask };
        await using var shop = await StartAsync(app, "{ policy: constant, duration: 0s, maxRetries: 1 }", ", timeout: t", clock);
        await PublishAsync(shop);
        for (var tries = 1; tries <= 2; tries++)
        {
            await ShopHost.EventuallyAsync(() => Task.FromResult(app.Log.Count == tries), $"try {tries}");
            clock.Advance(TimeSpan.FromMilliseconds(200));
        }
        Assert.Equal("/dead", (await app.NextAsync()).Path);
        Assert.Equal(["/t", "/t", "/dead"], app.Log.Select(delivery => delivery.Path));
        release.SetResult();
    }

    [Theory]
    [InlineData("event.type == \"a\"", true)]
    [InlineData("event.type != 'a'", false)]
    [InlineData("event.data.n >= 3 && event.data.n < 4", true)]
    [InlineData("!(event.data.n == 3) || event.data.ok == true", true)]
    [InlineData("event.type == 'a\\n'", false)]
    [InlineData("event.data.lines == 'a\\nb'", true)]
    [InlineData("event.data.ok > false", true)]
    [InlineData("event.data.none == null", true)]
    [InlineData("event.data == null", false)]
    [InlineData("event.data.list == event.data.same", true)]
    [InlineData("event.data.n == 'x'", false)]
    [InlineData("event.data.absent == 'x'", null)]
    [InlineData("event.data.absent != 'x'", null)]
    [InlineData("!(event.data.absent == null)", null)]
    [InlineData("event.type.absent == null", null)]
    [InlineData("event.data.n > '1'", null)]
    [InlineData("event.data.none < 1", null)]
    [InlineData("event.data.ok > 0", null)]
    [InlineData("event.data.absent == 1 || event.data.n == 3", true)]
    [InlineData("event.data.n == 3 || event.data.absent == 1", true)]
    [InlineData("event.data.absent == 1 || event.data.n == 4", null)]
    [InlineData("event.data.absent == 1 && event.data.n == 4", false)]
    [InlineData("event.data.absent == 1 && event.data.n == 3", null)]
    [InlineData("event.type == \"a\" && (event.data.n == 1 || event.data.s == 'q\\'s')", true)]
    public void Rules_decide(string rule, bool? expected)
    {
        using var json = System.Text.Json.JsonDocument.Parse(
            """{"type":"a","data":{"n":3,"ok":true,"s":"q's","none":null,"list":[1,{"a":2}],"same":[1.0,{"a":2}],"lines":"a\nb"}}""");
        Assert.Equal(expected, MatchRule.Parse(rule).Matches(json.RootElement));
    }

    [Theory]
    [InlineData("event.type.startsWith('a')")]
    [InlineData("event.type")]
    [InlineData("has(event.x) == true")]
    [InlineData("event.type == 'a' &&")]
    [InlineData("event.type == 'a' event.type")]
    [InlineData("type == 'a'")]
    [InlineData("(event.a == 1")]
    public async Task Rules_that_are_not_served_are_refused_at_the_start(string rule)
    {
        Assert.Throws<FormatException>(() => MatchRule.Parse(rule));
        var resources = $$"""
            apiVersion: dapr.io/v2alpha1
            kind: Subscription
            metadata: { name: s }
            spec:
              pubsubname: pubsub
              topic: t
              routes: { rules: [{ match: "{{rule}}", path: /x }] }
            """;
        var error = await Assert.ThrowsAsync<ConfigurationError>(() => ShopHost.StartAsync(shop => shop.Resources(resources)));
        Assert.Contains("test.yaml", error.Message, StringComparison.Ordinal);
    }
}
