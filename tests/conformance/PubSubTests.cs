using System.Text.Json;
using DaprShop.Conformance.Tests.Sidecars;

namespace DaprShop.Conformance.Tests;

/// <summary>Publish and subscribe over HTTP: https://docs.dapr.io/reference/api/pubsub_api/</summary>
public sealed class PubSubTests(TestWorld world)
{
    private readonly string _mark = Guid.NewGuid().ToString("N");

    [Theory]
    [InlineData("specversion", "1.0")]
    [InlineData("type", "com.dapr.event.sent")]
    [InlineData("source", "events")]
    [InlineData("topic", "plain")]
    [InlineData("pubsubname", "pubsub")]
    [InlineData("datacontenttype", "application/json")]
    public async Task An_event_comes_in_an_envelope(string attribute, string value) =>
        Assert.Equal(value, (await SentAsync("plain")).GetProperty(attribute).GetString());

    [Theory]
    [InlineData("id")]
    [InlineData("time")]
    [InlineData("traceid")]
    [InlineData("traceparent")]
    [InlineData("tracestate")]
    public async Task An_envelope_tells_when_and_whence(string attribute) =>
        Assert.Equal(JsonValueKind.String, (await SentAsync("plain")).GetProperty(attribute).ValueKind);

    [Fact]
    public async Task It_is_posted_as_a_cloud_event_with_the_app_s_token()
    {
        await PublishAsync("plain", Marked());
        var heard = (await world["events"].HeardAsync(Mine))[0];
        Assert.StartsWith("application/cloudevents+json", heard.Headers["content-type"], StringComparison.Ordinal);
        Assert.Equal(TestWorld.AppToken, heard.Headers["dapr-api-token"]);
        Assert.Equal("POST", heard.Method);
    }

    [Theory]
    [InlineData("pubsubname", "pubsub")]
    [InlineData("topic", "plain")]
    public async Task Its_attributes_come_as_headers_as_well(string name, string value)
    {
        await PublishAsync("plain", Marked());
        var heard = (await world["events"].HeardAsync(Mine))[0];
        if (heard.Headers.TryGetValue(name, out var header)) Assert.Equal(value, header);
        else Assert.Equal(value, heard.Text.Length > 0 ? JsonDocument.Parse(heard.Body).RootElement.GetProperty(name).GetString() : null);
    }

    [Fact]
    public async Task A_route_with_a_colon_is_a_path()
    {
        await PublishAsync("coloned", Marked());
        Assert.Equal("/on:coloned", (await world["events"].HeardAsync(Mine))[0].Path);
    }

    [Fact]
    public async Task A_trace_that_is_none_keeps_no_event_from_its_reader() =>
        Assert.Equal("é", (await SentAsync("plain", "?metadata.cloudevent.traceparent=%C3%A9")).GetProperty("traceparent").GetString());

    /// <summary>Half a surrogate pair, which is no text, and what is deeper than most.</summary>
    [Theory]
    [InlineData("\"\\ud800\"")]
    [InlineData("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]")]
    public async Task Rules_read_whatever_is_json(string odd)
    {
        await PublishAsync("kinds", Marked($"\"kind\":{odd}"));
        Assert.Equal("/on/kinds", (await world["events"].HeardAsync(Mine))[0].Path);
    }

    [Theory]
    [InlineData("id", "own-id")]
    [InlineData("type", "own.type")]
    [InlineData("source", "own-source")]
    [InlineData("subject", "own-subject")]
    [InlineData("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    public async Task Metadata_overrides_attributes(string attribute, string value)
    {
        var envelope = await SentAsync("plain", $"?metadata.cloudevent.{attribute}={Uri.EscapeDataString(value)}");
        Assert.Equal(value, envelope.GetProperty(attribute).GetString());
    }

    [Theory]
    [InlineData("application/json", "{\"a\":[1,2],\"mark\":\"MARK\"}", "data", "{\"a\":[1,2],\"mark\":\"MARK\"}")]
    [InlineData("application/json", "\"MARK\"", "data", "\"MARK\"")]
    [InlineData("text/plain", "MARK said", "data", "\"MARK said\"")]
    [InlineData("application/xml", "<a>MARK</a>", "data", "\"<a>MARK</a>\"")]
    [InlineData("text/html", "<b>MARK</b>", "data", "\"<b>MARK</b>\"")]
    public async Task Data_is_kept_by_its_type(string type, string body, string attribute, string value)
    {
        var published = await world.CallAsync("events", "POST", "/v1.0/publish/pubsub/plain", Fill(body), ("content-type", type));
        Assert.Equal(204, published.Status);
        var envelope = JsonDocument.Parse((await world["events"].HeardAsync(Mine))[0].Body).RootElement;
        Assert.Equal(Plain(Fill(value)), Plain(envelope.GetProperty(attribute).GetRawText()));
        Assert.Equal(type, envelope.GetProperty("datacontenttype").GetString());
    }

    [Fact]
    public async Task Bytes_come_as_base64()
    {
        var id = _mark;
        await world.CallAsync(
            "events", "POST", $"/v1.0/publish/pubsub/plain?metadata.cloudevent.id={id}", "binary", ("content-type", "application/octet-stream"));
        var envelope = JsonDocument.Parse((await world["events"].HeardAsync(Mine))[0].Body).RootElement;
        Assert.Equal("YmluYXJ5", envelope.GetProperty("data_base64").GetString());
    }

    [Fact]
    public async Task A_cloud_event_keeps_its_own_attributes()
    {
        await world.CallAsync("events", "POST", "/v1.0/publish/pubsub/plain", $$"""
            {"specversion":"1.0","type":"own","source":"me","id":"{{_mark}}","datacontenttype":"application/json","data":{"x":1},"extra":"more"}
            """, ("content-type", "application/cloudevents+json"));
        var envelope = JsonDocument.Parse((await world["events"].HeardAsync(Mine))[0].Body).RootElement;
        Assert.Equal(("own", "me", _mark, "more"), (
            envelope.GetProperty("type").GetString(), envelope.GetProperty("source").GetString(),
            envelope.GetProperty("id").GetString(), envelope.GetProperty("extra").GetString()));
        Assert.Equal(("plain", "pubsub"), (envelope.GetProperty("topic").GetString(), envelope.GetProperty("pubsubname").GetString()));
    }

    [Fact]
    public async Task Raw_goes_as_it_is_and_comes_wrapped_to_who_asks_for_raw()
    {
        await world.CallAsync("events", "POST", "/v1.0/publish/pubsub/raw?metadata.rawPayload=true", _mark);
        await TestWorld.EventuallyAsync(
            () => Task.FromResult(world["events"].Log.Any(heard => heard.Path == "/on/raw" && DataOf(heard) == _mark)), "the raw event");

        static string DataOf(Heard heard) => JsonDocument.Parse(heard.Body).RootElement.TryGetProperty("data_base64", out var data)
            ? System.Text.Encoding.UTF8.GetString(data.GetBytesFromBase64()) : "";
    }

    [Theory]
    [InlineData(200, "")]
    [InlineData(200, "SUCCESS")]
    [InlineData(201, "")]
    [InlineData(204, "")]
    [InlineData(200, "<not json>")]
    public async Task What_is_taken_comes_once(int status, string answer)
    {
        await PublishAsync("mourned", Marked($"\"status\":{status},\"answer\":\"{answer}\""));
        await world["events"].HeardAsync(Mine);
        await PublishAsync("mourned", Marked("\"after\":1"));
        var heard = await world["events"].HeardAsync(Mine, 2);
        Assert.All(heard, one => Assert.Equal("/on/mourned", one.Path));
    }

    [Theory]
    [InlineData(200, "DROP", 1)]
    [InlineData(404, "", 1)]
    [InlineData(200, "RETRY", 4)]
    [InlineData(500, "", 4)]
    [InlineData(400, "", 4)]
    [InlineData(503, "", 4)]
    [InlineData(200, "NONSENSE", 4)]
    public async Task What_is_not_taken_ends_among_the_dead_letters(int status, string answer, int deliveries)
    {
        await PublishAsync("mourned", Marked($"\"status\":{status},\"answer\":\"{answer}\""), $"?metadata.cloudevent.id={_mark}");
        var dead = (await world["events"].HeardAsync(heard => Mine(heard) && heard.Path == "/on/graves"))[0];
        Assert.Equal(deliveries, world["events"].Log.Count(heard => Mine(heard) && heard.Path == "/on/mourned"));
        Assert.Equal(_mark, JsonDocument.Parse(dead.Body).RootElement.GetProperty("id").GetString());
    }

    [Fact]
    public async Task What_is_taken_at_last_does_not_end_there()
    {
        await PublishAsync("mourned", Marked("\"status\":500,\"times\":2"));
        await world["events"].HeardAsync(Mine, 3);
        await Task.Delay(200);
        Assert.DoesNotContain(world["events"].Log, heard => Mine(heard) && heard.Path == "/on/graves");
    }

    [Theory]
    [InlineData("a", "{\"size\":9}", "/on/routed-a")]
    [InlineData("z", "{\"size\":9}", "/on/routed-big")]
    [InlineData("b", "{\"size\":1}", "/on/routed-b")]
    [InlineData("c", "{\"size\":1}", "/on/routed")]
    public async Task Rules_choose_the_route(string type, string data, string route)
    {
        await PublishAsync("routed", data, $"?metadata.cloudevent.type={type}&metadata.cloudevent.id={_mark}");
        Assert.Equal(route, (await world["events"].HeardAsync(Mine))[0].Path);
    }

    /// <summary>A member that is not there, or of another kind, is an error, unless the rest of the rule decides.</summary>
    [Theory]
    [InlineData("\"size\":9", "/on/sized-big")]
    [InlineData("\"kind\":\"x\"", "/on/sized-big")]
    [InlineData("\"size\":\"9\",\"kind\":\"x\"", "/on/sized-big")]
    [InlineData("\"size\":1,\"kind\":null", "/on/sized-null")]
    [InlineData("\"size\":1,\"kind\":{}", "/on/sized")]
    [InlineData("\"size\":1,\"kind\":2", "/on/sized")]
    [InlineData("\"size\":\"9\",\"kind\":\"y\"", "/on/graves")]
    [InlineData("\"size\":true,\"kind\":\"y\"", "/on/graves")]
    [InlineData("\"size\":1", "/on/graves")]
    [InlineData("\"kind\":\"y\"", "/on/graves")]
    public async Task What_no_rule_can_be_applied_to_is_dead(string data, string route)
    {
        await PublishAsync("sized", Marked(data));
        Assert.Equal(route, (await world["events"].HeardAsync(Mine))[0].Path);
    }

    [Theory]
    [InlineData("a", "/on/strict-a")]
    [InlineData("b", "/on/graves")]
    public async Task Without_a_default_route_the_rest_is_dead(string type, string route)
    {
        await PublishAsync("strict", Marked(), $"?metadata.cloudevent.type={type}");
        Assert.Equal(route, (await world["events"].HeardAsync(Mine))[0].Path);
    }

    [Theory]
    [InlineData("declared", "", "/on/declared")]
    [InlineData("declared", "?metadata.cloudevent.type=special", "/on/declared-special")]
    [InlineData("declared-old", "", "/on/declared-old")]
    public async Task Subscriptions_may_be_declared(string topic, string query, string route)
    {
        await PublishAsync(topic, Marked(), query);
        Assert.Equal(route, (await world["events"].HeardAsync(Mine))[0].Path);
    }

    [Fact]
    public async Task An_event_that_has_expired_does_not_come()
    {
        await PublishAsync("plain", Marked("\"n\":1"), "?metadata.ttlInSeconds=1000");
        var envelope = JsonDocument.Parse((await world["events"].HeardAsync(Mine))[0].Body).RootElement;
        Assert.Equal(JsonValueKind.String, envelope.GetProperty("expiration").ValueKind);
    }

    [Theory]
    [InlineData("/v1.0/publish/bulk/pubsub/plain")]
    [InlineData("/v1.0-alpha1/publish/bulk/pubsub/plain")]
    public async Task Many_are_published_at_once(string target)
    {
        var published = await world.CallAsync("events", "POST", target, $$"""
            [{"entryId":"1","event":{"mark":"{{_mark}}","n":1},"contentType":"application/json"},
             {"entryId":"2","event":"{{_mark}}","contentType":"text/plain"},
             {"entryId":"3","event":{"mark":"{{_mark}}"},"contentType":"application/json","metadata":{"cloudevent.type":"own"} }]
            """);
        Assert.Equal((204, ""), (published.Status, published.Body));
        var heard = await world["events"].HeardAsync(Mine, 3);
        Assert.Contains(heard, one => JsonDocument.Parse(one.Body).RootElement.GetProperty("type").GetString() == "own");
    }

    [Fact]
    public async Task Of_what_is_said_twice_of_one_of_many_the_last_counts()
    {
        var published = await world.CallAsync("events", "POST", "/v1.0/publish/bulk/pubsub/plain", $$"""
            [{"entryId":"1","event":"other","event":"{{_mark}}","contentType":"text/plain",
              "metadata":{"cloudevent.type":"first","cloudevent.type":"last"} }]
            """);
        Assert.Equal((204, ""), (published.Status, published.Body));
        var heard = (await world["events"].HeardAsync(Mine))[0];
        Assert.Equal("last", JsonDocument.Parse(heard.Body).RootElement.GetProperty("type").GetString());
    }

    [Fact]
    public async Task Bulk_subscribers_get_many_at_once()
    {
        await PublishAsync("bulky", Marked());
        var heard = (await world["events"].HeardAsync(Mine))[0];
        var body = JsonDocument.Parse(heard.Body).RootElement;
        Assert.Equal(("bulky", "pubsub"), (body.GetProperty("topic").GetString(), body.GetProperty("pubsubname").GetString()));
        var entry = body.GetProperty("entries")[0];
        Assert.NotEmpty(entry.GetProperty("entryId").GetString()!);
        Assert.StartsWith("application/cloudevents+json", entry.GetProperty("contentType").GetString(), StringComparison.Ordinal);
        Assert.Equal(_mark, entry.GetProperty("event").GetProperty("data").GetProperty("mark").GetString());
    }

    [Theory]
    [InlineData("events", "scoped", "open", 204)]
    [InlineData("events", "scoped", "kept", 403)]
    [InlineData("events", "scoped", "other", 403)]
    [InlineData("caller", "scoped", "open", 403)]
    [InlineData("echo", "scoped", "open", 204)]
    [InlineData("echo", "scoped", "kept", 403)]
    [InlineData("echo", "scoped", "other", 403)]
    public async Task Topic_scopes_say_who_may_publish(string app, string pubsub, string topic, int status)
    {
        var answer = await world.CallAsync(app, "POST", $"/v1.0/publish/{pubsub}/{topic}", Marked());
        Assert.Equal(status, answer.Status);
        if (status == 403)
        {
            Assert.Equal("ERR_PUBSUB_FORBIDDEN", answer.ErrorCode);
            Assert.Equal($"topic {topic} is not allowed for app id {app}", answer.Message);
        }
    }

    [Theory]
    [InlineData("/v1.0/publish/nothing/x", "{}", "application/json", 404, "ERR_PUBSUB_NOT_FOUND", "pubsub nothing is not found")]
    [InlineData("/v1.0/publish/foreign-pubsub/x", "{}", "application/json", 404, "ERR_PUBSUB_NOT_FOUND", null)]
    [InlineData("/v1.0/publish/store/x", "{}", "application/json", 404, "ERR_PUBSUB_NOT_FOUND", null)]
    [InlineData("/v1.0/publish/pubsub/", "{}", "application/json", 404, "ERR_DIRECT_INVOKE", null)]
    [InlineData("/v1.0/publish/pubsub", "{}", "application/json", 404, "ERR_DIRECT_INVOKE", null)]
    [InlineData("/v1.0/publish/pubsub/x", "{", "application/cloudevents+json", 500, "ERR_PUBSUB_CLOUD_EVENTS_SER", null)]
    [InlineData("/v1.0/publish/pubsub/x?metadata.rawPayload=maybe", "{}", "application/json", 400, "ERR_PUBSUB_REQUEST_METADATA", null)]
    [InlineData("/v1.0/publish/bulk/nothing/x", "[]", "application/json", 404, "ERR_PUBSUB_NOT_FOUND", null)]
    [InlineData("/v1.0/publish/bulk/pubsub/x", "{", "application/json", 400, "ERR_PUBSUB_EVENTS_SER", null)]
    [InlineData("/v1.0/publish/bulk/pubsub/x", "{}", "application/json", 400, "ERR_PUBSUB_EVENTS_SER", null)]
    [InlineData("/v1.0/publish/bulk/pubsub/x", "[{\"event\":1,\"contentType\":\"application/json\"}]", "application/json", 400,
        "ERR_PUBSUB_EVENTS_SER", null)]
    [InlineData("/v1.0/publish/bulk/pubsub/x",
        "[{\"entryId\":\"1\",\"event\":1,\"contentType\":\"application/json\"},{\"entryId\":\"1\",\"event\":1,\"contentType\":\"application/json\"}]",
        "application/json", 400, "ERR_PUBSUB_EVENTS_SER", null)]
    public async Task Bad_requests_get_daprd_s_errors(string target, string body, string type, int status, string? code, string? message)
    {
        var answer = await world.CallAsync("caller", "POST", target, body, ("content-type", type));
        Assert.Equal((status, code), (answer.Status, answer.ErrorCode));
        if (message is not null) Assert.Equal(message, answer.Message);
    }

    private bool Mine(Heard heard) => heard.Text.Contains(_mark, StringComparison.Ordinal);

    private string Marked(string more = "\"n\":0") => $$"""{"mark":"{{_mark}}",{{more}}}""";

    private string Fill(string text) => text.Replace("MARK", _mark, StringComparison.Ordinal);

    /// <summary>Without regard to how characters are escaped.</summary>
    private static string Plain(string json) => JsonSerializer.Serialize(JsonDocument.Parse(json).RootElement);

    private async Task PublishAsync(string topic, string body, string query = "") =>
        Assert.Equal(204, (await world.CallAsync("events", "POST", $"/v1.0/publish/pubsub/{topic}{query}", body)).Status);

    private async Task<JsonElement> SentAsync(string topic, string query = "")
    {
        await PublishAsync(topic, Marked(), query);
        return JsonDocument.Parse((await world["events"].HeardAsync(Mine))[0].Body).RootElement;
    }
}
