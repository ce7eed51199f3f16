using System.Net;
using System.Text;
using System.Text.Json;
using DaprShop.Local.Tests.PubSub;
using DaprShop.Testing;
using StackExchange.Redis;

namespace DaprShop.Local.Tests.Redis;

/// <summary>Publishing and delivery over a real Redis: its layout, and that nothing is lost when somebody dies or is away.</summary>
public sealed class RedisPubSubTests(RedisFixture redis) : IClassFixture<RedisFixture>, IAsyncLifetime
{
    private const string Components = """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: pubsub }
        spec:
          type: pubsub.redis
          version: v1
          metadata:
            - { name: redisHost, value: "nowhere:1" }
            - { name: processingTimeout, value: 60s }
            - { name: redeliverInterval, value: 300ms }
            - { name: readTimeout, value: 60s }
            - { name: dialTimeout, value: 60s }
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: store }
        spec:
          type: state.redis
          version: v1
          metadata: []
        """;

    /// <summary>What is taken and not done with may soon be taken by another.</summary>
    private static readonly string s_hasty = Components.Replace("processingTimeout, value: 60s", "processingTimeout, value: \"1000\"");

    private const string Subscription = """[{"pubsubname":"pubsub","topic":"t","route":"/t","deadLetterTopic":"dead"}]""";

    public async ValueTask InitializeAsync() => await redis.Raw.ExecuteAsync("FLUSHDB");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_topic_is_a_stream_and_an_app_a_group_that_has_nothing_pending_in_the_end()
    {
        var app = new EventApp(Subscription);
        await using var shop = await StartAsync(app);
        await PublishAsync(shop, 1);
        using var raw = await shop.DaprHttp("reader")
            .PostAsync("v1.0/publish/pubsub/t?metadata.rawPayload=true", new StringContent("""{"data": 2}"""));
        Assert.Equal(HttpStatusCode.NoContent, raw.StatusCode);
        Assert.Equal([1, 2], (await app.NextAsync(2)).Select(delivery => delivery.Number).Order());

        var entries = await redis.Raw.StreamRangeAsync("t");
        var cloudEvent = JsonDocument.Parse((string)entries[0]["data"]!).RootElement;
        Assert.Equal("data", Assert.Single(entries[0].Values).Name);
        Assert.Equal(("reader", "t"), (cloudEvent.GetProperty("source").GetString(), cloudEvent.GetProperty("topic").GetString()));
        Assert.Equal(1, cloudEvent.GetProperty("data").GetInt32());
        Assert.Equal("""{"data": 2}""", (string)entries[1]["data"]!);
        var metadata = JsonDocument.Parse((string)entries[1]["metadata"]!).RootElement;
        Assert.Equal("true", metadata.GetProperty("rawPayload").GetString());
        var group = Assert.Single(await redis.Raw.StreamGroupInfoAsync("t"));
        Assert.Equal("reader", group.Name);
        await NothingIsPendingAsync();
    }

    [Fact]
    public async Task What_daprd_published_arrives_even_from_before_the_app_ever_subscribed()
    {
        await redis.Raw.StreamAddAsync("t", [new("data", Event(1)), new("metadata", """{"cloudevent.id":"1"}""")]);
        var app = new EventApp(Subscription);
        await using var shop = await StartAsync(app);
        Assert.Equal(1, (await app.NextAsync()).Number);
        await redis.Raw.StreamAddAsync("t", [new("metadata", "no JSON"), new("data", Event(2))]);
        Assert.Equal(2, (await app.NextAsync()).Number);
        await NothingIsPendingAsync();
    }

    [Fact]
    public async Task What_a_dead_daprd_had_in_hand_comes_when_its_time_is_over_and_not_before()
    {
        var began = TimeProvider.System.GetTimestamp();
        await TakeAsDaprdAsync(1);
        var app = new EventApp(Subscription);
        await using var shop = await StartAsync(app, s_hasty);
        Assert.Equal(1, (await app.NextAsync()).Number);
        Assert.True(TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromMilliseconds(900));
        await NothingIsPendingAsync();
    }

    [Fact]
    public async Task What_is_in_hand_for_long_is_not_taken_by_another()
    {
        var release = new TaskCompletionSource();
        var slow = new EventApp(Subscription) { Hold = _ => release.Task };
        var other = new EventApp(Subscription);
        // Longer than a machine stalls, lest the first one's word come too late.
        var patient = Components.Replace("processingTimeout, value: 60s", "processingTimeout, value: 8s");
        await using var first = await StartAsync(slow, patient);
        await PublishAsync(first, 1);
        await ShopHost.EventuallyAsync(() => Task.FromResult(slow.Log.Count == 1));
        await using var second = await StartAsync(other, patient);
        await Task.Delay(TimeSpan.FromSeconds(10));
        release.SetResult();
        await NothingIsPendingAsync();
        Assert.Empty(other.Log);
        Assert.Single(slow.Log);
    }

    [Fact]
    public async Task What_a_stopped_runtime_had_in_hand_the_next_delivers_at_once_whosoever_it_is()
    {
        var never = new TaskCompletionSource();
        var slow = new EventApp(Subscription, _ => (500, "")) { Hold = _ => never.Task };
        var first = await StartAsync(slow);
        await PublishAsync(first, 1);
        await ShopHost.EventuallyAsync(() => Task.FromResult(slow.Log.Count == 1));
        await first.DisposeAsync();

        var claimed = await redis.Raw.StreamAutoClaimAsync("t", "reader", "reader", 60_000, "0-0");
        Assert.Equal(1, Number(Assert.Single(claimed.ClaimedEntries)));
    }

    [Fact]
    public async Task Two_runtimes_share_the_work_and_deliver_each_event_once()
    {
        var (a, b) = (new EventApp(Subscription), new EventApp(Subscription));
        await using var first = await StartAsync(a);
        await using var second = await StartAsync(b);
        for (var i = 0; i < 200; i++) await PublishAsync(i % 2 == 0 ? first : second, i);
        await ShopHost.EventuallyAsync(() => Task.FromResult(a.Log.Count + b.Log.Count >= 200));
        await NothingIsPendingAsync();
        Assert.Equal(Enumerable.Range(0, 200), a.Log.Concat(b.Log).Select(delivery => delivery.Number).Order());
        Assert.NotEmpty(a.Log);
        Assert.NotEmpty(b.Log);
    }

    [Fact]
    public async Task What_an_app_drops_goes_to_the_dead_letter_stream_and_is_no_longer_pending()
    {
        var app = new EventApp(Subscription, _ => (200, """{"status":"DROP"}"""));
        await using var shop = await StartAsync(app);
        await PublishAsync(shop, 1);
        await ShopHost.EventuallyAsync(async () => await redis.Raw.StreamLengthAsync("dead") == 1);
        Assert.Equal((await redis.Raw.StreamRangeAsync("t"))[0]["data"], (await redis.Raw.StreamRangeAsync("dead"))[0]["data"]);
        await NothingIsPendingAsync();
    }

    [Fact]
    public async Task A_stream_keeps_about_as_much_as_the_component_says()
    {
        var app = new EventApp(Subscription);
        var trimmed = Components.Replace("value: 300ms }", "value: 300ms }\n    - { name: maxLenApprox, value: \"100\" }");
        await using var shop = await StartAsync(app, trimmed);
        var entries = Enumerable.Range(0, 1000).Select(i => new { entryId = $"{i}", @event = i, contentType = "application/json" });
        var body = new StringContent(JsonSerializer.Serialize(entries), Encoding.UTF8, "application/json");
        using var answer = await shop.DaprHttp("reader").PostAsync("v1.0/publish/bulk/pubsub/t", body);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.InRange(await redis.Raw.StreamLengthAsync("t"), 100, 300);
    }

    private Task<ShopHost> StartAsync(EventApp app, string components = Components) =>
        ShopHost.StartAsync(shop => shop.Resources(components).Redis(redis.Server.Address).Service("reader", app.Create));

    private static async Task PublishAsync(ShopHost shop, int number)
    {
        using var answer = await shop.DaprHttp("reader")
            .PostAsync("v1.0/publish/pubsub/t", new StringContent($"{number}", Encoding.UTF8, "application/json"));
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
    }

    private static string Event(int number) => $$"""
        {"data":{{number}},"datacontenttype":"application/json","id":"{{number}}","pubsubname":"pubsub","source":"other",
        "specversion":"1.0","topic":"t","type":"com.dapr.event.sent"}
        """;

    private static int Number(StreamEntry entry) => JsonDocument.Parse((string)entry["data"]!).RootElement.GetProperty("data").GetInt32();

    /// <summary>Group and consumer have the name of the app there.</summary>
    private async Task TakeAsDaprdAsync(int number)
    {
        await redis.Raw.StreamAddAsync("t", "data", Event(number));
        await redis.Raw.StreamCreateConsumerGroupAsync("t", "reader", "0-0");
        Assert.Single(await redis.Raw.StreamReadGroupAsync("t", "reader", "reader", ">"));
    }

    private Task NothingIsPendingAsync() => ShopHost.EventuallyAsync(
        async () => (await redis.Raw.StreamGroupInfoAsync("t"))[0] is { PendingMessageCount: 0, Lag: 0 }, "nothing pending");
}
