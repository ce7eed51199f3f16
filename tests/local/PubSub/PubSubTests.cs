using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using DaprShop.Local.PubSub;
using DaprShop.Testing;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;

namespace DaprShop.Local.Tests.PubSub;

/// <summary>Publishing and delivery, over plain HTTP and over the SDK's gRPC.</summary>
public sealed class PubSubTests
{
    private const string Components = """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: pubsub }
        spec:
          type: pubsub.in-memory
          version: v1
          metadata:
            - { name: redeliverInterval, value: 100ms }
            - { name: protectedTopics, value: "secret" }
            - { name: publishingScopes, value: "narrow=only" }
        """;

    private static Task<ShopHost> StartAsync(string resources, params (string Id, EventApp App)[] apps) => ShopHost.StartAsync(shop =>
    {
        shop.Resources(resources);
        foreach (var (id, app) in apps) shop.Service(id, app.Create);
    });

    private const string WithDeadLetters = """
        [{"pubsubname":"pubsub","topic":"t","route":"/t","deadLetterTopic":"dead"},
         {"pubsubname":"pubsub","topic":"dead","route":"/dead"}]
        """;

    private static readonly string Deep = new string('[', 100) + new string(']', 100);

    private static string Subscribe(string topic, string more = "") =>
        $$"""[{"pubsubname":"pubsub","topic":"{{topic}}","route":"/on/{{topic}}"{{more}}}]""";

    [Fact]
    public async Task An_event_arrives_in_the_envelope_of_dapr()
    {
        var app = new EventApp(Subscribe("t"));
        await using var shop = await StartAsync(Components, ("reader", app));
        const string path = "v1.0/publish/pubsub/t?metadata.cloudevent.id=id-1&metadata.cloudevent.subject=s";
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new StringContent("""{"a": [1, 2.50, "ü"]}""", Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        using var response = await shop.DaprHttp("reader").SendAsync(request);
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);

        var delivery = await app.NextAsync();
        Assert.Equal("/on/t", delivery.Path);
        Assert.Equal("application/cloudevents+json", delivery.ContentType);
        Assert.Equal("test-app-token", delivery.Headers["dapr-api-token"]);
        Assert.Equal("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", delivery.Headers.TraceParent);
        Assert.Equal("""{"a": [1, 2.50, "ü"]}""", delivery["data"].GetRawText());
        var expected = new Dictionary<string, string>
        {
            ["id"] = "id-1",
            ["source"] = "reader",
            ["type"] = "com.dapr.event.sent",
            ["specversion"] = "1.0",
            ["topic"] = "t",
            ["pubsubname"] = "pubsub",
            ["subject"] = "s",
            ["datacontenttype"] = "application/json; charset=utf-8",
            ["traceid"] = delivery.Headers.TraceParent!,
            ["traceparent"] = delivery.Headers.TraceParent!,
            ["tracestate"] = "",
        };
        foreach (var (name, value) in expected) Assert.Equal(value, delivery[name].GetString());
        Assert.True(delivery["time"].TryGetDateTimeOffset(out _));
    }

    public static TheoryData<string, string, string, string> Payloads => new()
    {
        { "text/plain", "hello", "data", "\"hello\"" },
        { "", "hello", "data", "\"hello\"" },
        { "application/json", "not json", "data", "\"not json\"" },
        { "application/json", "null", "data", "null" },
        { "application/vnd.x+json", "{}", "data", "\"{}\"" },
        { "application/octet-stream", "\u0001x", "data_base64", "\"AXg=\"" },
    };

    [Theory, MemberData(nameof(Payloads))]
    public void Data_is_written_as_its_content_type_says(string contentType, string body, string field, string expected)
    {
        var envelope = CloudEvents.Wrap(
            Encoding.UTF8.GetBytes(body), contentType, "app", "pubsub", "t", new Dictionary<string, string>(), new TraceContext("p", ""),
            DateTimeOffset.UnixEpoch);
        using var json = JsonDocument.Parse(envelope.Data);
        Assert.Equal(expected, json.RootElement.GetProperty(field).GetRawText());
    }

    [Fact]
    public async Task A_cloud_event_passes_through_and_is_completed()
    {
        var app = new EventApp(Subscribe("t"));
        await using var shop = await StartAsync(Components, ("reader", app));
        using var body = new StringContent("""{"id":"mine","type":"x","source":"me","topic":"lie","custom":1,"half":"\ud800","data":7}""");
        body.Headers.ContentType = new("application/cloudevents+json");
        await PublishAsync(shop, "reader", "t", body);

        var delivery = await app.NextAsync();
        var names = new[] { "id", "type", "source", "topic", "specversion" };
        Assert.Equal(["mine", "x", "me", "t", "1.0"], names.Select(name => delivery[name].GetString()!));
        Assert.Equal((1, 7), (delivery["custom"].GetInt32(), delivery.Number));

        foreach (var nonsense in (string[])["nonsense", "[]", "{\"traceid\":\"\\ud800\"}", "{\"\\ud800\":1}"])
        {
            using var broken = new StringContent(nonsense);
            broken.Headers.ContentType = new("application/cloudevents+json");
            using var refusal = await shop.DaprHttp("reader").PostAsync("v1.0/publish/pubsub/t", broken);
            await AssertErrorAsync(refusal, 500, "ERR_PUBSUB_CLOUD_EVENTS_SER");
        }
    }

    [Fact]
    public async Task Refusals_are_those_of_dapr()
    {
        var app = new EventApp(null);
        await using var shop = await StartAsync(Components, ("reader", app), ("narrow", new EventApp(null)));
        foreach (var (path, status, code) in new[]
        {
            ("v1.0/publish/absent/t", 404, "ERR_PUBSUB_NOT_FOUND"),
            ("v1.0/publish/pubsub/", 404, "ERR_DIRECT_INVOKE"),
            ("v1.0/publish/pubsub/secret", 403, "ERR_PUBSUB_FORBIDDEN"),
            ("v1.0/publish/pubsub/t?metadata.rawPayload=perhaps", 400, "ERR_PUBSUB_REQUEST_METADATA"),
            ("v1.0/publish/bulk/pubsub/t", 400, "ERR_PUBSUB_EVENTS_SER"),
        })
        {
            using var body = new StringContent("{}", Encoding.UTF8, "application/json");
            await AssertErrorAsync(await shop.DaprHttp("reader").PostAsync(path, body), status, code);
        }

        var narrow = shop.DaprHttp("narrow");
        await AssertErrorAsync(await narrow.PostAsync("v1.0/publish/pubsub/other", null), 403, "ERR_PUBSUB_FORBIDDEN");
        Assert.Equal(HttpStatusCode.NoContent, (await narrow.PostAsync("v1.0/publish/pubsub/only", null)).StatusCode);
        var error = await Assert.ThrowsAsync<Dapr.DaprException>(() => shop.Dapr("reader").PublishEventAsync("pubsub", "secret", 1));
        Assert.Equal(StatusCode.PermissionDenied, Assert.IsType<RpcException>(error.InnerException).StatusCode);
    }

    public static TheoryData<int, string, bool> Answers => new()
    {
        { 200, "", true },
        { 204, "", true },
        { 200, """{"status":"SUCCESS"}""", true },
        { 200, """{"status":""}""", true },
        { 200, "no json", true },
        { 200, """{"other":1}""", true },
        { 200, """{"status":"DROP"}""", true },
        { 404, "", true },
        { 200, """{"status":"RETRY"}""", false },
        { 200, """{"status":"WHAT"}""", false },
        { 400, "", false },
        { 500, "", false },
        { 302, "", false },
    };

    [Theory, MemberData(nameof(Answers))]
    public async Task Answers_mean_what_they_mean_to_dapr(int status, string body, bool isOver)
    {
        var calls = 0;
        var app = new EventApp(Subscribe("t"), _ => Interlocked.Increment(ref calls) == 1 ? (status, body) : (200, ""));
        await using var shop = await StartAsync(Components, ("reader", app));
        await PublishAsync(shop, "reader", "t", JsonContent.Create(1));
        if (!isOver) await app.NextAsync();
        await app.NextAsync();
        await DrainedAsync(shop);
        Assert.Equal(isOver ? 1 : 2, app.Log.Count);
    }

    [Fact]
    public async Task Without_a_policy_the_first_failure_goes_to_the_dead_letter_topic_as_it_came()
    {
        var app = new EventApp(
            WithDeadLetters,
            delivery => delivery.Path == "/t" ? (500, "") : (200, ""));
        await using var shop = await StartAsync(Components, ("reader", app));
        await PublishAsync(shop, "reader", "t", JsonContent.Create(1));
        var (first, dead) = (await app.NextAsync(), await app.NextAsync());
        Assert.Equal(("/t", "/dead"), (first.Path, dead.Path));
        Assert.Equal(first.Body.GetRawText(), dead.Body.GetRawText());
        await DrainedAsync(shop);
        Assert.Equal(2, app.Log.Count);
    }

    [Fact]
    public async Task A_dropped_message_goes_to_the_dead_letter_topic_too()
    {
        var app = new EventApp(
            WithDeadLetters,
            delivery => (200, delivery.Path == "/t" ? """{"status":"DROP"}""" : ""));
        await using var shop = await StartAsync(Components, ("reader", app));
        await PublishAsync(shop, "reader", "t", JsonContent.Create(1));
        Assert.Equal(["/t", "/dead"], (await app.NextAsync(2)).Select(delivery => delivery.Path));
    }

    [Fact]
    public async Task A_poisoned_message_does_not_hold_up_those_behind_it()
    {
        var app = new EventApp(Subscribe("t"), delivery => delivery.Number == 0 ? (500, "") : (200, ""));
        await using var shop = await StartAsync(Components, ("reader", app));
        for (var i = 0; i < 50; i++) await PublishAsync(shop, "reader", "t", JsonContent.Create(i));
        var taken = new HashSet<int>();
        while (taken.Count < 50) taken.Add((await app.NextAsync()).Number);
        await DepthAsync(shop, 1);
    }

    [Fact]
    public async Task Messages_wait_for_an_app_that_is_away()
    {
        var app = new EventApp(Subscribe("t"));
        await using var shop = await StartAsync(Components, ("reader", app), ("writer", new EventApp(null)));
        await shop.StopAppAsync("reader");
        for (var i = 0; i < 10; i++) await PublishAsync(shop, "writer", "t", JsonContent.Create(i));
        Assert.Empty(app.Log);
        await shop.StartAppAsync("reader");
        Assert.Equal(Enumerable.Range(0, 10), (await app.NextAsync(10)).Select(delivery => delivery.Number).Order());
        await DrainedAsync(shop);
        Assert.Equal(10, app.Log.Count);
    }

    [Fact]
    public async Task Each_app_gets_its_own_copy_from_the_time_it_subscribed()
    {
        var (early, late) = (new EventApp(Subscribe("t")), new EventApp(Subscribe("t")));
        await using var shop = await StartAsync(Components, ("early", early), ("late", late));
        await shop.StopAppAsync("late");
        await PublishAsync(shop, "early", "t", JsonContent.Create(1));
        await PublishAsync(shop, "early", "unheard", JsonContent.Create(1));
        await shop.StartAppAsync("late");
        await PublishAsync(shop, "early", "t", JsonContent.Create(2));
        Assert.Equal([1, 2], (await early.NextAsync(2)).Select(delivery => delivery.Number).Order());
        Assert.Equal([1, 2], (await late.NextAsync(2)).Select(delivery => delivery.Number).Order());
    }

    [Fact]
    public async Task Declared_routes_choose_by_rule_and_go_to_the_default_otherwise()
    {
        const string subscription = """

            ---
            apiVersion: dapr.io/v2alpha1
            kind: Subscription
            metadata: { name: orders }
            spec:
              pubsubname: pubsub
              topic: t
              routes:
                rules:
                  - match: event.type == "big" || (event.data.total > 10 && event.data.total != 13)
                    path: /big
                default: /rest
            scopes: [reader]
            """;
        var (reader, other) = (new EventApp(null), new EventApp(null));
        await using var shop = await StartAsync(Components + subscription, ("reader", reader), ("other", other));
        var routes = new Dictionary<string, string>();
        const string big = "?metadata.cloudevent.type=big";
        foreach (var (body, query) in new[] { ("""{"total":1}""", big), ("""{"total":11}""", ""), ("""{"total":13}""", ""), ("""{"total":9}""", "") })
        {
            await PublishAsync(shop, "other", "t" + query, new StringContent(body, Encoding.UTF8, "application/json"));
            routes[body] = (await reader.NextAsync()).Path;
        }

        Assert.Equal(["/big", "/big", "/rest", "/rest"], routes.Values);
        Assert.Empty(other.Log);
    }

    [Fact]
    public async Task A_route_is_a_path_whatever_it_looks_like()
    {
        string[] routes = ["/v1:orders", "orders:new", "http://"];
        var subscriptions = routes.Select((route, i) => new { pubsubname = "pubsub", topic = $"t{i}", route });
        var app = new EventApp(JsonSerializer.Serialize(subscriptions));
        await using var shop = await StartAsync(Components, ("reader", app));
        var paths = new List<string>();
        for (var i = 0; i < routes.Length; i++)
        {
            await PublishAsync(shop, "reader", $"t{i}", JsonContent.Create(i));
            paths.Add((await app.NextAsync()).Path);
        }

        Assert.Equal(["/v1:orders", "/orders:new", "/http://"], paths);
    }

    [Fact]
    public async Task A_subscription_without_what_it_needs_takes_no_other_along()
    {
        var app = new EventApp("""
            [null,
             {"topic":"t","route":"/x"},
             {"pubsubname":"pubsub","route":"/x"},
             {"pubsubname":"pubsub","topic":"other","routes":{"rules":[null,{"match":"event.type == \"a\""}]}},
             {"pubsubname":"pubsub","topic":"t","route":"/on/t"}]
            """);
        await using var shop = await StartAsync(Components, ("reader", app));
        await PublishAsync(shop, "reader", "t", JsonContent.Create(1));
        Assert.Equal("/on/t", (await app.NextAsync()).Path);
    }

    /// <summary>Half a surrogate pair is JSON and no text, and some JSON is deeper than .NET reads unless told.</summary>
    [Theory]
    [InlineData("")]
    [InlineData(""","bulkSubscribe":{"enabled":true,"maxMessagesCount":1}""")]
    public async Task Rules_read_whatever_is_json(string more)
    {
        var app = new EventApp(
            $$"""
            [{"pubsubname":"pubsub","topic":"t",
              "routes":{"rules":[{"match":"event.data.kind == \"x\"","path":"/x"}],"default":"/rest"}{{more}}}]
            """,
            delivery => (200, JsonSerializer.Serialize(new { statuses = EntriesOf(delivery).Select(id => new { entryId = id, status = "SUCCESS" }) })));
        await using var shop = await StartAsync(Components, ("reader", app));
        var paths = new List<string>();
        foreach (var kind in (string[])["\"\\ud800\"", Deep, "\"x\""])
        {
            await PublishAsync(shop, "reader", "t", new StringContent($$"""{"kind":{{kind}}}""", Encoding.UTF8, "application/json"));
            paths.Add((await app.NextAsync()).Path);
        }

        Assert.Equal(["/rest", "/rest", "/x"], paths);

        static IEnumerable<string?> EntriesOf(Delivery delivery) => delivery.Body.TryGetProperty("entries", out var entries)
            ? entries.EnumerateArray().Select(entry => entry.GetProperty("entryId").GetString())
            : [];
    }

    [Fact]
    public async Task An_event_whose_trace_is_none_arrives_without_one()
    {
        var app = new EventApp(Subscribe("t"));
        await using var shop = await StartAsync(Components, ("reader", app));
        await PublishAsync(shop, "reader", "t?metadata.cloudevent.traceparent=%C3%A9", JsonContent.Create(1));
        var delivery = await app.NextAsync();
        Assert.Equal("é", delivery["traceparent"].GetString());
        Assert.Equal(0, delivery.Headers.TraceParent.Count);
    }

    [Fact]
    public async Task Raw_payloads_arrive_as_base64_for_those_who_ask()
    {
        var app = new EventApp(Subscribe("t", ""","metadata":{"rawPayload":"true"}"""));
        await using var shop = await StartAsync(Components, ("reader", app));
        await PublishAsync(shop, "reader", "t?metadata.rawPayload=true", new StringContent("just text"));
        var delivery = await app.NextAsync();
        Assert.Equal("just text", Encoding.UTF8.GetString(delivery["data_base64"].GetBytesFromBase64()));
        Assert.Equal("application/octet-stream", delivery["datacontenttype"].GetString());
    }

    [Fact]
    public async Task Bulk_subscriptions_take_many_at_once_and_answer_for_each()
    {
        var failed = 0;
        var app = new EventApp(
            Subscribe("t", ""","bulkSubscribe":{"enabled":true,"maxMessagesCount":10,"maxAwaitDurationMs":200}"""),
            delivery =>
            {
                var statuses = delivery["entries"].EnumerateArray().Select(entry => new
                {
                    entryId = entry.GetProperty("entryId").GetString(),
                    status = NumberOf(entry) == 3 && Interlocked.Increment(ref failed) == 1 ? "RETRY" : "SUCCESS",
                });
                return (200, JsonSerializer.Serialize(new { statuses }));
            });
        await using var shop = await StartAsync(Components, ("reader", app));
        await shop.Dapr("reader").BulkPublishEventAsync("pubsub", "t", Enumerable.Range(0, 25).ToList());
        await DrainedAsync(shop);
        var batches = app.Log.Select(delivery => delivery["entries"].EnumerateArray().Select(NumberOf).ToArray()).ToArray();
        Assert.Equal(Enumerable.Range(0, 25).Append(3).Order(), batches.SelectMany(batch => batch).Order());
        Assert.All(batches, batch => Assert.InRange(batch.Length, 1, 10));
        Assert.InRange(batches.Length, 3, 5);
        Assert.Equal("com.dapr.event.sent.bulk", app.Log.First()["type"].GetString());

        static int NumberOf(JsonElement entry) => entry.GetProperty("event").GetProperty("data").GetInt32();
    }

    [Fact]
    public async Task Bulk_publish_over_http_takes_all_kinds_of_events()
    {
        var app = new EventApp(Subscribe("t"));
        await using var shop = await StartAsync(Components, ("reader", app));
        using var body = new StringContent($$$"""
            [{"entryId":"1","event":{"a":1},"contentType":"application/json"},
             {"entryId":"deep","event":{{{Deep}}},"contentType":"application/json"},
             {"entryId":"2","event":"text","contentType":"text/plain"},
             {"entryId":"3","event":"AXg=","contentType":"application/octet-stream","metadata":{"cloudevent.id":"three"}}]
            """, Encoding.UTF8, "application/json");
        using var response = await shop.DaprHttp("reader").PostAsync("v1.0/publish/bulk/pubsub/t", body);
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        var events = (await app.NextAsync(4)).Select(
            delivery => (delivery.Body.TryGetProperty("data", out var data) ? data : delivery["data_base64"]).GetRawText());
        Assert.Equal(["\"AXg=\"", "\"text\"", Deep, """{"a":1}"""], events.Order(StringComparer.Ordinal));

        const string entry = """{"entryId":"1","event":1,"contentType":"application/json"}""";
        using var twice = new StringContent($"[{entry},{entry}]");
        using var refusal = await shop.DaprHttp("reader").PostAsync("v1.0/publish/bulk/pubsub/t", twice);
        await AssertErrorAsync(refusal, 400, "ERR_PUBSUB_EVENTS_SER");
    }

    [Fact]
    public async Task The_sdk_publishes_over_grpc()
    {
        var app = new EventApp(Subscribe("t"));
        await using var shop = await StartAsync(Components, ("reader", app));
        var metadata = new Dictionary<string, string> { ["cloudevent.id"] = "e-1", ["ttlInSeconds"] = "60" };
        await shop.Dapr("reader").PublishEventAsync("pubsub", "t", new { a = 1 }, metadata);
        var delivery = await app.NextAsync();
        Assert.Equal("e-1", delivery["id"].GetString());
        Assert.Equal(1, delivery["data"].GetProperty("a").GetInt32());
        Assert.True(delivery["expiration"].GetDateTimeOffset() > DateTimeOffset.UtcNow);
    }

    private static async Task PublishAsync(ShopHost shop, string appId, string topicAndQuery, HttpContent body)
    {
        using var response = await shop.DaprHttp(appId).PostAsync($"v1.0/publish/pubsub/{topicAndQuery}", body);
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
    }

    private static Task DrainedAsync(ShopHost shop) => DepthAsync(shop, 0);

    private static Task DepthAsync(ShopHost shop, int depth)
    {
        var broker = shop.Runtime.GetRequiredService<Broker>();
        return ShopHost.EventuallyAsync(
            () => Task.FromResult(broker.Depths().Sum(queue => queue.Depth) == depth), $"{depth} messages in the queues");
    }

    private static async Task AssertErrorAsync(HttpResponseMessage response, int status, string code)
    {
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal((status, code), ((int)response.StatusCode, json.RootElement.GetProperty("errorCode").GetString()));
    }
}
