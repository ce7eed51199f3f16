using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using DaprShop.Local.Configuration;
using DaprShop.Local.Resiliency;
using DaprShop.Local.Tests.PubSub;
using DaprShop.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace DaprShop.Local.Tests.Redis;

/// <summary>Redis dies, is paused, is not there: what was accepted is kept, calls fail as daprd's do, nobody else ends.</summary>
public sealed class RedisLossTests
{
    private const string Components = """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: pubsub }
        spec:
          type: pubsub.redis
          version: v1
          metadata:
            - { name: readTimeout, value: 500ms }
            - { name: processingTimeout, value: 60s }
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: store }
        spec:
          type: state.redis
          version: v1
          metadata:
            - { name: readTimeout, value: 500ms }
        """;

    /// <summary>For tests in which nothing is to fail: commands take as long as a slow machine needs.</summary>
    private static readonly string s_patient = Components.Replace(
        "readTimeout, value: 500ms }", "readTimeout, value: 30s }\n    - { name: dialTimeout, value: 60s }");

    private const string Subscription = """[{"pubsubname":"pubsub","topic":"t","route":"/t"}]""";

    public RedisLossTests() => Assert.SkipWhen(RedisServer.IsMissing, "redis-server is not installed.");

    [Fact]
    public async Task Killed_and_started_again_it_has_every_accepted_event_and_state_and_each_event_is_delivered()
    {
        await using var redis = await RedisServer.StartAsync();
        var app = new EventApp(Subscription);
        await using var shop = await StartAsync(redis, app);
        using var dapr = shop.DaprHttp("reader");
        var accepted = new ConcurrentBag<int>();
        using var enough = new CancellationTokenSource();
        var publishers = Enumerable.Range(0, 4).Select(async publisher =>
        {
            for (var i = 0; !enough.IsCancellationRequested; i++)
            {
                var number = publisher * 1_000_000 + i;
                if (await SaveAsync(dapr, $"k{number}", number) && await PublishAsync(dapr, number)) accepted.Add(number);
                await Task.Delay(2, CancellationToken.None);
            }
        }).ToArray();

        for (var kill = 0; kill < 3; kill++)
        {
            var before = accepted.Count;
            await ShopHost.EventuallyAsync(() => Task.FromResult(accepted.Count > before + 50), "events between two kills", 30);
            await redis.KillAsync();
            await Task.Delay(TimeSpan.FromMilliseconds(700));
            await redis.RunAsync();
        }

        var last = accepted.Count;
        await ShopHost.EventuallyAsync(() => Task.FromResult(accepted.Count > last + 50), "events after the last kill", 30);
        await enough.CancelAsync();
        await Task.WhenAll(publishers);

        // Long before processingTimeout: what was on its way when a connection broke does not wait for it.
        await ShopHost.EventuallyAsync(
            () => Task.FromResult(!accepted.Except(app.Log.Select(delivery => delivery.Number)).Any()), "every accepted event", 45);
        foreach (var number in accepted) Assert.Equal(number, await ReadAsync(dapr, $"k{number}"));
    }

    [Fact]
    public async Task While_it_is_away_calls_fail_as_in_daprd_nothing_spins_and_afterwards_all_is_well()
    {
        await using var redis = await RedisServer.StartAsync();
        var app = new EventApp(Subscription);
        await using var shop = await StartAsync(redis, app);
        using var dapr = shop.DaprHttp("reader");
        await ShopHost.EventuallyAsync(() => SaveAsync(dapr, "k", 1), "a save that is taken");
        await redis.KillAsync();

        await FailsAsync(
            dapr.PostAsync("v1.0/publish/pubsub/t", Json("1")), "ERR_PUBSUB_PUBLISH_MESSAGE",
            "error when publishing to topic t in pubsub pubsub: redis streams: error from publish: ");
        await FailsAsync(dapr.GetAsync("v1.0/state/store/k"), "ERR_STATE_GET", "fail to get k from state store store: ");
        await FailsAsync(
            dapr.PostAsync("v1.0/state/store", Json("""[{"key":"k","value":2}]""")), "ERR_STATE_SAVE",
            "failed saving state in state store store: ");
        await FailsAsync(dapr.DeleteAsync("v1.0/state/store/k"), "ERR_STATE_DELETE", "failed deleting state with key k: ");
        await FailsAsync(
            dapr.PostAsync("v1.0/state/store/transaction", Json("""{"operations":[{"operation":"delete","request":{"key":"k"}}]}""")),
            "ERR_STATE_TRANSACTION", "error while executing state transaction: ");
        using (var health = await dapr.GetAsync("v1.0/healthz")) Assert.Equal(HttpStatusCode.NoContent, health.StatusCode);

        // Other tests take their share of this process; what spins leaves no second without it.
        using var self = Process.GetCurrentProcess();
        await ShopHost.EventuallyAsync(
            async () =>
            {
                self.Refresh();
                var before = self.TotalProcessorTime;
                await Task.Delay(TimeSpan.FromSeconds(1));
                self.Refresh();
                return (self.TotalProcessorTime - before).TotalSeconds < 0.8;
            },
            "a second in which nothing spins", seconds: 300);

        await redis.RunAsync();
        await ShopHost.EventuallyAsync(() => PublishAsync(dapr, 2), "a publish that is taken");
        await ShopHost.EventuallyAsync(() => Task.FromResult(app.Log.Any(delivery => delivery.Number == 2)), "its delivery");
        Assert.Equal(1, await ReadAsync(dapr, "k"));
    }

    [Fact]
    public async Task With_a_policy_a_publish_and_a_save_wait_until_it_is_back()
    {
        const string Policies = """
            apiVersion: dapr.io/v1alpha1
            kind: Resiliency
            metadata: { name: test }
            spec:
              policies: { retries: { long: { duration: 100ms, maxRetries: 1000 } } }
              targets: { components: { pubsub: { outbound: { retry: long } }, store: { outbound: { retry: long } } } }
            """;
        await using var redis = await RedisServer.StartAsync();
        var app = new EventApp(Subscription);
        await using var shop = await ShopHost.StartAsync(shop => shop.Resources(Components).Redis(redis.Address).Service("reader", app.Create)
            .Runtime(services => services.AddSingleton(new ResiliencyPolicies([ResiliencySpec.Parse(Policies, "test")], TimeProvider.System))));
        using var dapr = shop.DaprHttp("reader");
        await redis.KillAsync();
        var publish = PublishAsync(dapr, 1);
        var save = SaveAsync(dapr, "k", 2);
        // As long as a command may take, and longer: without a policy both have failed by then.
        await Task.Delay(TimeSpan.FromSeconds(2));
        Assert.False(publish.IsCompleted || save.IsCompleted);
        await redis.RunAsync();
        Assert.True(await publish);
        Assert.True(await save);
        Assert.Equal(1, (await app.NextAsync()).Number);
        Assert.Equal(2, await ReadAsync(dapr, "k"));
    }

    [Fact]
    public async Task What_was_delivered_while_it_was_away_is_acknowledged_later_and_not_delivered_again()
    {
        await using var redis = await RedisServer.StartAsync();
        var release = new TaskCompletionSource();
        var app = new EventApp(Subscription) { Hold = _ => release.Task };
        await using var shop = await StartAsync(redis, app, s_patient);
        using var dapr = shop.DaprHttp("reader");
        Assert.True(await PublishAsync(dapr, 1));
        await ShopHost.EventuallyAsync(() => Task.FromResult(app.Log.Count == 1));
        await redis.KillAsync();
        release.SetResult();
        await Task.Delay(TimeSpan.FromSeconds(1));
        await redis.RunAsync();
        await ShopHost.EventuallyAsync(() => PublishAsync(dapr, 2), "a publish that is taken");
        await ShopHost.EventuallyAsync(() => Task.FromResult(app.Log.Any(delivery => delivery.Number == 2)), "its delivery");
        Assert.Single(app.Log, delivery => delivery.Number == 1);
    }

    [Fact]
    public async Task Paused_it_makes_calls_fail_in_time_and_loses_nothing()
    {
        await using var redis = await RedisServer.StartAsync();
        var app = new EventApp(Subscription);
        await using var shop = await StartAsync(redis, app);
        using var dapr = shop.DaprHttp("reader");
        await ShopHost.EventuallyAsync(() => PublishAsync(dapr, 1), "a publish that is taken before");
        await redis.PauseAsync();
        var began = TimeProvider.System.GetTimestamp();
        Assert.False(await PublishAsync(dapr, 2));
        Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(60));
        await redis.ResumeAsync();
        await ShopHost.EventuallyAsync(() => PublishAsync(dapr, 3), "a publish that is taken");
        await ShopHost.EventuallyAsync(() => Task.FromResult(app.Log.Any(delivery => delivery.Number == 3)), "its delivery");
        Assert.Contains(app.Log, delivery => delivery.Number == 1);
    }

    [Fact]
    public async Task A_redis_that_lost_everything_gets_its_groups_anew()
    {
        await using var redis = await RedisServer.StartAsync();
        var app = new EventApp(Subscription);
        await using var shop = await StartAsync(redis, app, s_patient);
        using var dapr = shop.DaprHttp("reader");
        Assert.True(await PublishAsync(dapr, 1));
        await app.NextAsync();
        await redis.KillAsync();
        await redis.RunAsync("--appendonly", "no");
        await ShopHost.EventuallyAsync(() => PublishAsync(dapr, 2), "a publish that is taken");
        Assert.Equal(2, (await app.NextAsync()).Number);
    }

    [Fact]
    public async Task A_killed_runtime_finds_in_its_next_life_at_once_what_it_had_in_hand()
    {
        await using var redis = await RedisServer.StartAsync();
        var data = Directory.CreateTempSubdirectory("daprshop-").FullName;
        File.WriteAllText(Path.Combine(data, "redis-consumer"), "thislife");
        await using (var outside = await StackExchange.Redis.ConnectionMultiplexer.ConnectAsync(
            redis.Address + ",connectTimeout=60000,asyncTimeout=60000"))
        {
            // What a kill leaves behind: taken, by this data directory's name, and not done with.
            var raw = outside.GetDatabase();
            await raw.StreamAddAsync("t", "data", """{"data":1,"id":"1","specversion":"1.0","type":"x","source":"x"}""");
            await raw.StreamCreateConsumerGroupAsync("t", "reader", "0-0");
            Assert.Single(await raw.StreamReadGroupAsync("t", "reader", "reader@thislife", ">"));
        }

        var app = new EventApp(Subscription);
        await using (await ShopHost.StartAsync(
            shop => shop.Resources(s_patient).Redis(redis.Address).Data(data).Service("reader", app.Create)))
            Assert.Equal(1, (await app.NextAsync()).Number);
        Directory.Delete(data, recursive: true);
    }

    [Theory]
    [InlineData("enableTLS", "true", "cannot use Redis at")]
    [InlineData("redisDB", "one", "redisDB must be a number: 'one'")]
    [InlineData("redisDB", "99", "cannot use Redis at")]
    [InlineData("redisType", "cluster", "redisType cluster is not served by the local runtime; it has node")]
    [InlineData("failover", "true", "failover is not served by the local runtime")]
    [InlineData("redisPassword", "wrong", "cannot use Redis at")]
    public async Task A_component_that_cannot_be_used_is_told_at_the_start(string name, string value, string problem)
    {
        await using var redis = await RedisServer.StartAsync("--requirepass", "right");
        var components = Components.Replace("metadata:\n", $"metadata:\n    - {{ name: {name}, value: \"{value}\" }}\n");
        if (name != "redisPassword") components = With(components, "redisPassword, value: right", "dialTimeout, value: 1s");
        var error = await Assert.ThrowsAsync<ConfigurationError>(() => StartAsync(redis, new EventApp(null), components));
        Assert.Contains(problem, error.Message);
        Assert.DoesNotContain("right", error.Message);
        Assert.DoesNotContain("wrong", error.Message);
    }

    [Fact]
    public async Task A_password_is_sent()
    {
        await using var redis = await RedisServer.StartAsync("--requirepass", "right");
        await using var shop = await StartAsync(redis, new EventApp(null), With(s_patient, "redisPassword, value: right"));
        using var dapr = shop.DaprHttp("reader");
        Assert.True(await SaveAsync(dapr, "k", 1));
    }

    [Fact]
    public async Task Nobody_there_is_told_at_the_start()
    {
        var redis = await RedisServer.StartAsync();
        await redis.DisposeAsync();
        var error = await Assert.ThrowsAsync<ConfigurationError>(() => StartAsync(redis, new EventApp(null)));
        Assert.Contains($"cannot use Redis at {redis.Address}", error.Message);
    }

    private static Task<ShopHost> StartAsync(RedisServer redis, EventApp app, string components = Components) =>
        ShopHost.StartAsync(shop => shop.Resources(components).Redis(redis.Address).Service("reader", app.Create));

    private static string With(string components, params string[] settings) => components.Replace(
        "    - { name: readTimeout", string.Concat(settings.Select(setting => $"    - {{ name: {setting} }}\n")) + "    - { name: readTimeout");

    private static StringContent Json(string json) => new(json, Encoding.UTF8, "application/json");

    private static async Task<bool> PublishAsync(HttpClient dapr, int number)
    {
        using var answer = await dapr.PostAsync("v1.0/publish/pubsub/t", Json($"{number}"));
        return answer.StatusCode == HttpStatusCode.NoContent;
    }

    private static async Task<bool> SaveAsync(HttpClient dapr, string key, int value)
    {
        using var answer = await dapr.PostAsync("v1.0/state/store", Json($$"""[{"key":"{{key}}","value":{{value}}}]"""));
        return answer.StatusCode == HttpStatusCode.NoContent;
    }

    /// <summary>What is saved; a machine that is too slow for an answer in time is asked again.</summary>
    private static async Task<int> ReadAsync(HttpClient dapr, string key)
    {
        var value = 0;
        await ShopHost.EventuallyAsync(
            async () =>
            {
                using var answer = await dapr.GetAsync($"v1.0/state/store/{key}");
                if (answer.StatusCode != HttpStatusCode.OK) return false;
                value = await answer.Content.ReadFromJsonAsync<int>();
                return true;
            },
            $"an answer to what {key} is");
        return value;
    }

    private static async Task FailsAsync(Task<HttpResponseMessage> call, string code, string message)
    {
        using var answer = await call;
        var error = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal((HttpStatusCode.InternalServerError, code), (answer.StatusCode, error.GetProperty("errorCode").GetString()));
        Assert.StartsWith(message, error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }
}
