using System.Text.Json;
using DaprShop.Conformance.Tests.Sidecars;

namespace DaprShop.Conformance.Tests;

/// <summary>Health and metadata: https://docs.dapr.io/reference/api/health_api/, https://docs.dapr.io/reference/api/metadata_api/</summary>
public sealed class HealthTests(TestWorld world)
{
    [Theory]
    [InlineData("/v1.0/healthz", 204)]
    [InlineData("/v1.0/healthz/", 204)]
    [InlineData("/v1.0/healthz/outbound", 204)]
    [InlineData("/v1.0/healthz?appid=caller", 204)]
    [InlineData("/v1.0/healthz?appid=other", 500)]
    [InlineData("//v1.0//healthz", 204)]
    public async Task A_healthy_sidecar_says_so(string target, int status) =>
        Assert.Equal(status, (await world.CallAsync("caller", "GET", target)).Status);

    [Fact]
    public async Task Another_app_s_health_is_not_told()
    {
        var answer = await world.CallAsync("caller", "GET", "/v1.0/healthz?appid=other");
        Assert.Equal(("ERR_HEALTH_APPID_NOT_MATCH", "dapr app-id does not match"), (answer.ErrorCode, answer.Message));
    }

    [Theory]
    [InlineData("id")]
    [InlineData("runtimeVersion")]
    [InlineData("components")]
    [InlineData("extended")]
    [InlineData("appConnectionProperties")]
    [InlineData("actorRuntime")]
    public async Task Metadata_has(string member) =>
        Assert.True((await world.CallAsync("caller", "GET", "/v1.0/metadata")).Json.TryGetProperty(member, out _));

    [Theory]
    [InlineData("store", "state.sqlite", "ACTOR,ETAG,KEYS_LIKE,TRANSACTIONAL,TTL")]
    [InlineData("memory", "state.in-memory", "ACTOR,DELETE_WITH_PREFIX,ETAG,KEYS_LIKE,TRANSACTIONAL,TTL")]
    [InlineData("pubsub", "pubsub.in-memory", "SUBSCRIBE_WILDCARDS")]
    [InlineData("files", "secretstores.local.file", "")]
    public async Task Metadata_lists_components(string name, string type, string capabilities)
    {
        var components = (await world.CallAsync("caller", "GET", "/v1.0/metadata")).Json.GetProperty("components");
        var component = components.EnumerateArray().Single(component => component.GetProperty("name").GetString() == name);
        Assert.Equal((type, "v1"), (component.GetProperty("type").GetString(), component.GetProperty("version").GetString()));
        var listed = component.TryGetProperty("capabilities", out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Select(item => item.GetString()!).Order(StringComparer.Ordinal).ToArray() : [];
        Assert.Equal(capabilities, string.Join(',', listed));
    }

    [Fact]
    public async Task Metadata_leaves_out_components_of_others()
    {
        var components = (await world.CallAsync("caller", "GET", "/v1.0/metadata")).Json.GetProperty("components");
        Assert.DoesNotContain(components.EnumerateArray(), component => component.GetProperty("name").GetString() == "foreign");
    }

    [Theory]
    [InlineData("plain", "/on/plain", "PROGRAMMATIC")]
    [InlineData("declared", "/on/declared", "DECLARATIVE")]
    [InlineData("declared-old", "/on/declared-old", "DECLARATIVE")]
    public async Task Metadata_lists_subscriptions(string topic, string path, string type)
    {
        var subscriptions = (await world.CallAsync("events", "GET", "/v1.0/metadata")).Json.GetProperty("subscriptions");
        var subscription = subscriptions.EnumerateArray().Single(one => one.GetProperty("topic").GetString() == topic);
        Assert.Equal(path, subscription.GetProperty("rules").EnumerateArray().Last().GetProperty("path").GetString());
        Assert.Equal((type, "pubsub"), (subscription.GetProperty("type").GetString(), subscription.GetProperty("pubsubname").GetString()));
    }

    [Theory]
    [InlineData("colour", "red")]
    [InlineData("long", "a much longer text, with \"quotes\" and é")]
    [InlineData("empty", "")]
    public async Task A_label_can_be_put(string key, string value)
    {
        var put = await world.CallAsync("echo", "PUT", $"/v1.0/metadata/{key}", value);
        Assert.Equal((204, ""), (put.Status, put.Body));
        var extended = (await world.CallAsync("echo", "GET", "/v1.0/metadata")).Json.GetProperty("extended");
        Assert.Equal(value, extended.GetProperty(key).GetString());
    }

    [Fact]
    public async Task Metadata_tells_how_the_app_is_reached()
    {
        var app = (await world.CallAsync("caller", "GET", "/v1.0/metadata")).Json.GetProperty("appConnectionProperties");
        Assert.Equal(world["caller"].Port, app.GetProperty("port").GetInt32());
        Assert.Equal(("http", "127.0.0.1"), (app.GetProperty("protocol").GetString(), app.GetProperty("channelAddress").GetString()));
    }
}
