using System.Text.Json;
using DaprShop.Conformance.Tests.Sidecars;

namespace DaprShop.Conformance.Tests;

/// <summary>Configuration over HTTP: https://docs.dapr.io/reference/api/configuration_api/</summary>
public sealed class ConfigurationTests(TestWorld world)
{
    private readonly string _key = Guid.NewGuid().ToString("N");

    [Theory]
    [InlineData("/v1.0/configuration/config", "red||3", """{"value":"red","version":"3"}""")]
    [InlineData("/v1.0-alpha1/configuration/config", "red||3", """{"value":"red","version":"3"}""")]
    [InlineData("/v1.0/configuration/config", "red", """{"value":"red"}""")]
    [InlineData("/v1.0/configuration/config", "a||b||c", """{"value":"a","version":"b"}""")]
    public async Task An_item_has_value_and_version(string target, string value, string item)
    {
        await SetAsync(_key, value);
        var got = await world.CallAsync("caller", "GET", $"{target}?key={_key}");
        Assert.Equal((200, "application/json"), (got.Status, got.Header("content-type")));
        Assert.Equal($$"""{"{{_key}}":{{item}}}""", got.Body.Trim());
    }

    [Fact]
    public async Task Several_keys_are_asked_for_at_once()
    {
        await SetAsync(_key + "1", "one");
        await SetAsync(_key + "2", "two");
        var got = (await world.CallAsync("caller", "GET", $"/v1.0/configuration/config?key={_key}1&key={_key}2&key={_key}3")).Json;
        Assert.Equal("one", got.GetProperty(_key + "1").GetProperty("value").GetString());
        Assert.Equal("two", got.GetProperty(_key + "2").GetProperty("value").GetString());
        Assert.False(got.TryGetProperty(_key + "3", out _));
    }

    [Fact]
    public async Task Without_keys_all_come()
    {
        await SetAsync(_key, "one");
        var got = (await world.CallAsync("caller", "GET", "/v1.0/configuration/config")).Json;
        Assert.Equal("one", got.GetProperty(_key).GetProperty("value").GetString());
    }

    [Fact]
    public async Task What_is_not_there_is_204()
    {
        NeedsConfiguration();
        var got = await world.CallAsync("caller", "GET", $"/v1.0/configuration/config?key={_key}");
        Assert.Equal((204, ""), (got.Status, got.Body));
    }

    [Fact]
    public async Task Who_subscribes_hears_of_changes_until_he_does_not()
    {
        await SetAsync(_key, "old");
        var subscribed = await world.CallAsync("caller", "GET", $"/v1.0/configuration/config/subscribe?key={_key}");
        Assert.Equal(200, subscribed.Status);
        var id = subscribed.Json.GetProperty("id").GetString();
        await Task.Delay(300);
        await SetAsync(_key, "new||2");
        var heard = (await world["caller"].HeardAsync(heard => heard.Path == $"/configuration/config/{_key}"))[0];
        Assert.Equal("POST", heard.Method);
        var body = JsonDocument.Parse(heard.Body).RootElement;
        Assert.Equal(id, body.GetProperty("id").GetString());
        Assert.Equal("""{"value":"new","version":"2"}""", body.GetProperty("items").GetProperty(_key).GetRawText());

        var ended = await world.CallAsync("caller", "GET", $"/v1.0/configuration/config/{id}/unsubscribe");
        Assert.Equal((200, """{"ok":true}"""), (ended.Status, ended.Body.Trim()));
        var again = await world.CallAsync("caller", "GET", $"/v1.0/configuration/config/{id}/unsubscribe");
        Assert.Equal(500, again.Status);
        Assert.Equal($"failed to unsubscribe to configuration request {id}: subscription with id {id} does not exist",
            again.Json.GetProperty("message").GetString());
    }

    [Fact]
    public async Task Who_fails_to_hear_is_told_again_as_the_policy_says()
    {
        await SetAsync(_key, "old");
        var subscribed = await world.CallAsync("flaky", "GET", $"/v1.0/configuration/config/subscribe?key={_key}");
        Assert.Equal(200, subscribed.Status);
        await Task.Delay(300);
        await SetAsync(_key, "new");
        var heard = await world["flaky"].HeardAsync(heard => heard.Path == $"/configuration/config/{_key}", 3);
        Assert.All(heard, one => Assert.Contains("\"new\"", one.Text, StringComparison.Ordinal));
        await Task.Delay(200);
        Assert.Equal(3, world["flaky"].Log.Count(heard => heard.Path == $"/configuration/config/{_key}"));
    }

    [Theory]
    [InlineData("/v1.0/configuration/nothing?key=a")]
    [InlineData("/v1.0/configuration/nothing/subscribe")]
    [InlineData("/v1.0/configuration/nothing/x/unsubscribe")]
    [InlineData("/v1.0/configuration/store?key=a")]
    public async Task An_unknown_store_is_400(string target)
    {
        NeedsConfiguration();
        var answer = await world.CallAsync("caller", "GET", target);
        Assert.Equal((400, "ERR_CONFIGURATION_STORE_NOT_FOUND"), (answer.Status, answer.ErrorCode));
        Assert.Equal($"configuration store {target.Split('/', '?')[3]} not found", answer.Message);
    }

    private void NeedsConfiguration() =>
        Assert.SkipWhen(world.Sidecars.RedisHost is null, "no redis-server, which daprd's configuration needs");

    private Task SetAsync(string key, string value)
    {
        NeedsConfiguration();
        return world.Sidecars.ConfigureAsync(key, value);
    }
}
