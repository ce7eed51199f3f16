using System.Net.Http.Json;
using System.Text.Json;
using System.Threading.Channels;
using DaprShop.Local.ConfigStores;
using DaprShop.Local.Tests.PubSub;
using DaprShop.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace DaprShop.Local.Tests.Redis;

/// <summary>Configuration and locks in a real Redis, in daprd's own layout.</summary>
public sealed class RedisConfigurationTests(RedisFixture redis) : IClassFixture<RedisFixture>, IAsyncLifetime
{
    private const string Components = """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: config }
        spec: { type: configuration.redis, version: v1, metadata: [{ name: redisHost, value: "nowhere:6379" }] }
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: locks }
        spec: { type: lock.redis, version: v1, metadata: [{ name: redisHost, value: "nowhere:6379" }] }
        """;

    private readonly EventApp _app = new(null);
    private ShopHost _shop = null!;

    private HttpClient Sidecar => _shop.DaprHttp("reader");

    public async ValueTask InitializeAsync()
    {
        await redis.Raw.ExecuteAsync("FLUSHDB");
        await redis.Raw.ExecuteAsync("CONFIG", "SET", "notify-keyspace-events", "KEA");
        _shop = await ShopHost.StartAsync(shop => shop.Resources(Components).Service("reader", _app.Create).Redis(redis.Server.Address));
    }

    public ValueTask DisposeAsync() => _shop.DisposeAsync();

    [Fact]
    public async Task An_item_is_a_key_with_value_and_version()
    {
        await redis.Raw.StringSetAsync([new("a", "one||7"), new("b", "two")]);
        await redis.Raw.HashSetAsync("c", "no", "item");
        Assert.Equal("""{"a":{"value":"one","version":"7"}}""", await Sidecar.GetStringAsync("v1.0/configuration/config?key=a&key=missing"));
        using var all = JsonDocument.Parse(await Sidecar.GetStringAsync("v1.0/configuration/config"));
        Assert.Equal(["a", "b"], all.RootElement.EnumerateObject().Select(item => item.Name).Order());
    }

    [Theory]
    [InlineData("?key=a")]
    [InlineData("")]
    public async Task A_change_is_told_and_so_is_the_end_of_a_key(string keys)
    {
        var id = (await Sidecar.GetFromJsonAsync<JsonElement>("v1.0/configuration/config/subscribe" + keys)).GetProperty("id").GetString();
        await redis.Raw.StringSetAsync("a", "new||1");
        var change = await _app.NextAsync();
        Assert.Equal("/configuration/config/a", change.Path);
        Assert.Equal((id, "new"), (change["id"].GetString(), change["items"].GetProperty("a").GetProperty("value").GetString()));
        await redis.Raw.KeyDeleteAsync("a");
        Assert.False((await _app.NextAsync())["items"].GetProperty("a").TryGetProperty("value", out _));

        using var end = await Sidecar.GetAsync($"v1.0/configuration/config/{id}/unsubscribe");
        end.EnsureSuccessStatusCode();
        await redis.Raw.StringSetAsync("a", "unheard");
        await Task.Delay(200);
        Assert.Equal(2, _app.Log.Count);
    }

    [Fact]
    public async Task Changes_are_told_one_after_the_other()
    {
        await using var config = new RedisConfig(redis.Raw, NullLogger.Instance);
        var (slow, quick) = (Channel.CreateUnbounded<string?>(), Channel.CreateUnbounded<string?>());
        var gate = new TaskCompletionSource();
        await config.SubscribeAsync(["a"], async (_, items) =>
        {
            await slow.Writer.WriteAsync(items["a"].Value);
            await gate.Task;
        });
        await config.SubscribeAsync(["a"], async (_, items) => await quick.Writer.WriteAsync(items["a"].Value));

        await redis.Raw.StringSetAsync("a", "one");
        Assert.Equal(("one", "one"), (await slow.Reader.ReadAsync(), await quick.Reader.ReadAsync()));
        await redis.Raw.StringSetAsync("a", "two");
        Assert.Equal("two", await quick.Reader.ReadAsync());
        Assert.Equal(0, slow.Reader.Count);

        gate.SetResult();
        Assert.Equal("two", await slow.Reader.ReadAsync());
    }

    [Fact]
    public async Task A_lock_is_a_key_that_holds_its_owner_and_ends()
    {
        Assert.True(await TryAsync("one"));
        Assert.Equal("one", await redis.Raw.StringGetAsync("lock||reader||cup"));
        Assert.InRange((await redis.Raw.KeyTimeToLiveAsync("lock||reader||cup"))!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60));
        Assert.False(await TryAsync("two"));
        Assert.Equal((2, 0, 1), (await UnlockAsync("two"), await UnlockAsync("one"), await UnlockAsync("one")));
    }

    [Fact]
    public async Task What_daprd_holds_is_held()
    {
        await redis.Raw.StringSetAsync("lock||reader||cup", "daprd");
        Assert.False(await TryAsync("one"));
        Assert.Equal(2, await UnlockAsync("one"));
        Assert.Equal(0, await UnlockAsync("daprd"));
    }

    private async Task<bool> TryAsync(string owner)
    {
        using var answer = await Sidecar.PostAsJsonAsync(
            "v1.0-alpha1/lock/locks", new { resourceId = "cup", lockOwner = owner, expiryInSeconds = 60 });
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("success").GetBoolean();
    }

    private async Task<int> UnlockAsync(string owner)
    {
        using var answer = await Sidecar.PostAsJsonAsync("v1.0-alpha1/unlock/locks", new { resourceId = "cup", lockOwner = owner });
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("status").GetInt32();
    }
}
