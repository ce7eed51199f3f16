using Dapr.Actors;
using Dapr.Actors.Client;
using Dapr.Client;
using DaprShop.Conformance.Tests.Apps;
using DaprShop.Conformance.Tests.Sidecars;

namespace DaprShop.Conformance.Tests;

/// <summary>The stock .NET SDK: Dapr.Client, Dapr.AspNetCore, Dapr.Actors.</summary>
public sealed class SdkTests(TestWorld world) : IDisposable
{
    private readonly DaprClient _dapr = new DaprClientBuilder()
        .UseHttpEndpoint(world["sdk"].Sidecar.ToString()).UseGrpcEndpoint(world["sdk"].SidecarGrpc.ToString()).Build();

    private readonly string _mark = Guid.NewGuid().ToString("N");

    public void Dispose() => _dapr.Dispose();

    [Fact]
    public async Task The_sidecar_is_healthy()
    {
        Assert.True(await _dapr.CheckHealthAsync());
        Assert.True(await _dapr.CheckOutboundHealthAsync());
        await _dapr.WaitForSidecarAsync();
        Assert.Equal("sdk", (await _dapr.GetMetadataAsync()).Id);
    }

    [Theory]
    [InlineData("store")]
    [InlineData("memory")]
    public async Task State_is_saved_got_and_deleted(string store)
    {
        await _dapr.SaveStateAsync(store, _mark, new Greeting("ann"));
        Assert.Equal(new Greeting("ann"), await _dapr.GetStateAsync<Greeting>(store, _mark));
        await _dapr.DeleteStateAsync(store, _mark);
        Assert.Null(await _dapr.GetStateAsync<Greeting>(store, _mark));
    }

    [Theory]
    [InlineData("store")]
    [InlineData("memory")]
    public async Task Etags_guard_state(string store)
    {
        await _dapr.SaveStateAsync(store, _mark, 1);
        var (_, etag) = await _dapr.GetStateAndETagAsync<int>(store, _mark);
        Assert.True(await _dapr.TrySaveStateAsync(store, _mark, 2, etag));
        Assert.False(await _dapr.TrySaveStateAsync(store, _mark, 3, etag));
        Assert.False(await _dapr.TryDeleteStateAsync(store, _mark, etag));
        Assert.Equal(2, await _dapr.GetStateAsync<int>(store, _mark));
    }

    [Fact]
    public async Task State_comes_in_bulk_and_in_transactions()
    {
        await _dapr.ExecuteStateTransactionAsync("store",
        [
            new StateTransactionRequest(_mark + "1", "1"u8.ToArray(), StateOperationType.Upsert),
            new StateTransactionRequest(_mark + "2", "2"u8.ToArray(), StateOperationType.Upsert),
        ]);
        var items = await _dapr.GetBulkStateAsync("store", [_mark + "1", _mark + "2"], parallelism: 2);
        Assert.Equal(["1", "2"], items.Select(item => item.Value).Order());
        await _dapr.DeleteBulkStateAsync("store", [new BulkDeleteStateItem(_mark + "1", ""), new BulkDeleteStateItem(_mark + "2", "")]);
        Assert.Equal(0, await _dapr.GetStateAsync<int>("store", _mark + "1"));
    }

    [Fact]
    public async Task Events_reach_a_subscriber_unwrapped()
    {
        await _dapr.PublishEventAsync("pubsub", "sdk-notes", new Greeting(_mark));
        var heard = (await world["sdk"].HeardAsync(heard => heard.Text.Contains(_mark, StringComparison.Ordinal)))[0];
        Assert.Equal("/heard/note", heard.Path);
        Assert.Equal($$"""{"name":"{{_mark}}"}""", heard.Text);
    }

    [Fact]
    public async Task Many_events_are_published_at_once()
    {
        var published = await _dapr.BulkPublishEventAsync("pubsub", "sdk-notes", [new Greeting(_mark + 1), new Greeting(_mark + 2)]);
        Assert.Empty(published.FailedEntries);
        await world["sdk"].HeardAsync(heard => heard.Text.Contains(_mark, StringComparison.Ordinal), 2);
    }

    [Fact]
    public async Task Secrets_come()
    {
        Assert.Equal("open sesame", (await _dapr.GetSecretAsync("files", "cave:door"))["cave:door"]);
        Assert.Equal("42", (await _dapr.GetBulkSecretAsync("files"))["plain"]["plain"]);
    }

    [Fact]
    public async Task Bindings_are_invoked()
    {
        var answer = await _dapr.InvokeBindingAsync<Greeting, System.Text.Json.JsonElement>("web", "post", new Greeting(_mark));
        Assert.Contains(_mark, answer.GetProperty("body").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Apps_are_invoked_with_an_http_client()
    {
        using var http = _dapr.CreateInvokableHttpClient("echo");
        var answer = await http.GetStringAsync("/some/path");
        Assert.Contains("/some/path", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Configuration_comes_and_its_changes_stream()
    {
        Assert.SkipWhen(world.Sidecars.RedisHost is null, "no redis-server, which daprd's configuration needs");
        await world.Sidecars.ConfigureAsync(_mark, "old");
        Assert.Equal("old", (await _dapr.GetConfiguration("config", [_mark])).Items[_mark].Value);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        var subscription = await _dapr.SubscribeConfiguration("config", [_mark], cancellationToken: limit.Token);
        var changes = subscription.Source.GetAsyncEnumerator(limit.Token);
        var next = changes.MoveNextAsync();
        await Task.Delay(500, limit.Token);
        await world.Sidecars.ConfigureAsync(_mark, "new");
        Assert.True(await next);
        while (!changes.Current.ContainsKey(_mark)) Assert.True(await changes.MoveNextAsync());
        Assert.Equal("new", changes.Current[_mark].Value);
    }

    [Fact]
    public async Task Locks_are_had_and_given_back()
    {
        Assert.SkipWhen(world.Sidecars.RedisHost is null, "no redis-server, which daprd's locks need");
#pragma warning disable CS0618, DAPR_DISTRIBUTEDLOCK // Alpha in the SDK.
        Assert.True((await _dapr.Lock("locks", _mark, "one", 60)).Success);
        Assert.False((await _dapr.Lock("locks", _mark, "two", 60)).Success);
        Assert.Equal(LockStatus.Success, (await _dapr.Unlock("locks", _mark, "one")).status);
#pragma warning restore CS0618, DAPR_DISTRIBUTEDLOCK
    }

    [Fact]
    public async Task Actors_keep_state_between_turns()
    {
        var actor = Counter();
        Assert.Equal(2, await actor.AddAsync(2));
        Assert.Equal(5, await actor.AddAsync(3));
        Assert.Equal(5, await actor.GetAsync());
        Assert.Equal(0, await Counter("other").GetAsync());
    }

    [Fact]
    public async Task Actors_take_turns()
    {
        var actor = Counter();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => actor.AddAsync(1)));
        Assert.Equal(20, await actor.GetAsync());
    }

    [Fact]
    public async Task An_actor_s_failure_is_told()
    {
        var failure = await Assert.ThrowsAsync<ActorMethodInvocationException>(() => Counter().FailAsync());
        Assert.Contains("it failed", failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reminders_and_timers_of_actors_fire()
    {
        var actor = Counter();
        await actor.RemindAsync(TimeSpan.Zero, TimeSpan.FromHours(1));
        await actor.TimeAsync(TimeSpan.FromMilliseconds(50));
        await TestWorld.EventuallyAsync(async () => await actor.GetAsync() == 107, "reminder and timer");
        await actor.ForgetAsync();
    }

    private ICounterActor Counter(string more = "") => ActorProxy.Create<ICounterActor>(
        new ActorId(_mark + more), "CounterActor", new ActorProxyOptions { HttpEndpoint = world["sdk"].Sidecar.ToString() });
}
