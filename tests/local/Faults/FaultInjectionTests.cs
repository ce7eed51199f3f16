using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Dapr;
using Dapr.Client;
using DaprShop.Local.Faults;
using DaprShop.Local.Tests.PubSub;
using DaprShop.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace DaprShop.Local.Tests.Faults;

/// <summary>Faults at every kind of call between an app and its sidecar, seen from both ends.</summary>
public sealed class FaultInjectionTests : IAsyncLifetime
{
    private const string Components = """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: pubsub }
        spec: { type: pubsub.in-memory, version: v1, metadata: [{ name: redeliverInterval, value: 100ms }] }
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: store }
        spec: { type: state.in-memory, version: v1 }
        """;

    private readonly FakeTimeProvider _clock = new();
    private readonly FaultPlan _plan;
    private readonly ConcurrentQueue<string> _worked = new();
    private readonly ConcurrentQueue<string> _killed = new();
    private readonly EventApp _reader = new(
        """
        [{"pubsubname":"pubsub","topic":"one","route":"/one"},
         {"pubsubname":"pubsub","topic":"bulk","route":"/bulk",
          "bulkSubscribe":{"enabled":true,"maxMessagesCount":3,"maxAwaitDurationMs":60000}}]
        """,
        delivery => (200, delivery.Path != "/bulk" ? "" : JsonSerializer.Serialize(new
        {
            statuses = delivery["entries"].EnumerateArray()
                .Select(entry => new { entryId = entry.GetProperty("entryId").GetString(), status = "SUCCESS" }),
        })));

    private ShopHost _shop = null!;

    public FaultInjectionTests() => _plan = new FaultPlan(_clock);

    public async ValueTask InitializeAsync()
    {
        _plan.KillWanted += _killed.Enqueue;
        _shop = await ShopHost.StartAsync(shop => shop
            .Resources(Components)
            .Faults(_plan)
            .Service("reader", _reader.Create)
            .Fake("caller", _ => { })
            .Fake("worker", app => app.MapPost("/work/{id}", async (string id, HttpRequest request) =>
            {
                using var body = new StreamReader(request.Body);
                _worked.Enqueue(id + await body.ReadToEndAsync());
                return Results.Text("done");
            })));
    }

    public ValueTask DisposeAsync() => _shop.DisposeAsync();

    [Fact]
    public async Task A_call_fails_before_the_app_hears_of_it()
    {
        Set("app: worker, on: invoke, match: 'POST /work/1', do: fail, status: 503");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await Work(1)).StatusCode);
        Assert.Equal("done", await (await Work(2)).Content.ReadAsStringAsync());
        Assert.Equal(["2"], _worked);
    }

    [Theory]
    [InlineData("do: fail, when: after")]
    [InlineData("do: cut, when: after")]
    [InlineData("do: kill, when: after, target: caller")]
    [InlineData("do: mute, when: after, for: 100ms")]
    public async Task The_answer_is_lost_when_the_work_is_done(string fault)
    {
        Set($"app: worker, on: invoke, {fault}");
        Assert.Equal(HttpStatusCode.InternalServerError, (await PassTimeUntilAsync(Work(1))).StatusCode);
        Assert.Equal(["1"], _worked);
        Assert.Equal(fault.Contains("kill") ? ["caller"] : [], _killed);
    }

    [Fact]
    public async Task A_call_is_repeated_with_its_body()
    {
        Set("app: worker, on: invoke, do: repeat, copies: 3");
        Assert.Equal(HttpStatusCode.OK, (await Work(1, "!")).StatusCode);
        Assert.Equal(["1!", "1!", "1!"], _worked);
    }

    [Fact]
    public async Task A_message_comes_twice_the_second_time_late()
    {
        Set("app: reader, on: deliver, match: 'POST /one', do: repeat, for: 50ms, times: 1");
        await Publish("one", 1);
        Assert.Equal(1, (await _reader.NextAsync()).Number);
        await Publish("one", 2);
        var rest = await PassTimeUntilAsync(_reader.NextAsync(2));
        Assert.Equal([1, 2], rest.Select(delivery => delivery.Number).Order());
    }

    [Fact]
    public async Task A_late_message_is_overtaken()
    {
        Set("app: reader, on: deliver, match: 'POST /one', do: delay, for: 300ms, times: 1");
        await Publish("one", 1);
        await ShopHost.EventuallyAsync(() => Task.FromResult(_plan.Report()[0].Hit == 1), "the delay");
        await Publish("one", 2);
        Assert.Equal(2, (await _reader.NextAsync()).Number);
        Assert.Equal(1, (await PassTimeUntilAsync(_reader.NextAsync())).Number);
    }

    [Fact]
    public async Task A_bulk_is_turned_round()
    {
        Set("app: reader, on: deliver, match: 'POST /bulk', do: shuffle");
        for (var i = 1; i <= 3; i++) await Publish("bulk", i);
        var entries = (await _reader.NextAsync())["entries"].EnumerateArray();
        Assert.Equal([3, 2, 1], entries.Select(entry => entry.GetProperty("event").GetProperty("data").GetInt32()));
    }

    [Fact]
    public async Task The_broker_refuses_what_is_published_over_grpc_and_http()
    {
        Set("app: caller, on: publish, match: one, do: fail");
        var dapr = _shop.Dapr("caller");
        await Assert.ThrowsAsync<DaprException>(() => dapr.PublishEventAsync("pubsub", "one", 1));
        await Assert.ThrowsAsync<DaprException>(() => dapr.BulkPublishEventAsync("pubsub", "one", [1, 2]));
        using var refused = await _shop.DaprHttp("caller").PostAsJsonAsync("v1.0/publish/pubsub/one", 1);
        Assert.Equal(HttpStatusCode.InternalServerError, refused.StatusCode);
        using var refusedAll = await _shop.DaprHttp("caller").PostAsJsonAsync(
            "v1.0/publish/bulk/pubsub/one", new[] { new { entryId = "a", contentType = "application/json", @event = 1 } });
        Assert.Equal(
            """{"failedEntries":[{"entryId":"a","error":"a fault was injected"}],"errorCode":"ERR_PUBSUB_PUBLISH_MESSAGE"}""",
            await refusedAll.Content.ReadAsStringAsync());
        await dapr.PublishEventAsync("pubsub", "other", 1);
        Assert.Equal(4, _plan.Report()[0].Hit);

        _plan.Set(FaultFile.Empty);
        await dapr.PublishEventAsync("pubsub", "one", 2);
        Assert.Equal(2, (await _reader.NextAsync()).Number);
    }

    [Fact]
    public async Task The_store_refuses_writes_by_key_and_serves_the_rest()
    {
        Set("app: caller, on: write, match: store/a, do: fail");
        var dapr = _shop.Dapr("caller");
        await Assert.ThrowsAsync<DaprException>(() => dapr.SaveStateAsync("store", "a", 1));
        await Assert.ThrowsAsync<DaprException>(() => dapr.DeleteStateAsync("store", "a"));
        await Assert.ThrowsAsync<DaprException>(() => dapr.ExecuteStateTransactionAsync("store",
            [new("b", [1], StateOperationType.Upsert), new("a", [1], StateOperationType.Upsert)]));
        using var overHttp = await _shop.DaprHttp("caller").PostAsJsonAsync("v1.0/state/store", new[] { new { key = "a", value = 1 } });
        Assert.Equal(HttpStatusCode.InternalServerError, overHttp.StatusCode);

        await dapr.SaveStateAsync("store", "b", 2);
        Assert.Equal(0, await dapr.GetStateAsync<int>("store", "a"));
        Assert.Equal(2, await dapr.GetStateAsync<int>("store", "b"));
    }

    [Theory]
    [InlineData("before", 0)]
    [InlineData("after", 1)]
    public async Task A_process_dies_right_before_or_right_after_its_save(string when, int saved)
    {
        Set($"app: caller, on: write, match: store/a, when: {when}, do: kill");
        var dapr = _shop.Dapr("caller");
        await Assert.ThrowsAsync<DaprException>(() => dapr.SaveStateAsync("store", "a", 1));
        Assert.Equal(["caller"], _killed);
        Assert.Equal(saved, await dapr.GetStateAsync<int>("store", "a"));
    }

    [Fact]
    public async Task An_answer_over_http_is_lost_when_the_write_is_done()
    {
        Set("app: caller, on: write, match: store/a, when: after, do: cut");
        var http = _shop.DaprHttp("caller");
        await Assert.ThrowsAsync<HttpRequestException>(
            () => http.PostAsJsonAsync("v1.0/state/store", new[] { new { key = "a", value = 1 } }));
        Assert.Equal(1, await http.GetFromJsonAsync<int>("v1.0/state/store/a"));
    }

    [Fact]
    public async Task A_store_can_be_slow_and_unreadable()
    {
        Set("app: caller, on: read, match: store/a, do: fail", "app: caller, on: read, do: delay, for: 10ms");
        var dapr = _shop.Dapr("caller");
        await Assert.ThrowsAsync<DaprException>(() => dapr.GetStateAsync<int>("store", "a"));
        Assert.Equal(0, await PassTimeUntilAsync(dapr.GetStateAsync<int>("store", "b")));
        Assert.Equal([1, 1], _plan.Report().Select(row => row.Hit));
    }

    private void Set(params string[] rows) =>
        _plan.Set(FaultFile.Parse($"faults:\n{string.Join("\n", rows.Select(row => $"  - {{ {row} }}"))}", "test"));

    private Task<HttpResponseMessage> Work(int id, string body = "") =>
        _shop.DaprHttp("caller").PostAsync($"v1.0/invoke/worker/method/work/{id}", new StringContent(body));

    /// <summary>Time passes for the faults alone.</summary>
    private async Task<T> PassTimeUntilAsync<T>(Task<T> isDone)
    {
        while (!isDone.IsCompleted)
        {
            _clock.Advance(TimeSpan.FromMilliseconds(50));
            await Task.WhenAny(isDone, Task.Delay(5));
        }

        return await isDone;
    }

    private Task Publish(string topic, int number) => _shop.Dapr("caller").PublishEventAsync("pubsub", topic, number);
}
