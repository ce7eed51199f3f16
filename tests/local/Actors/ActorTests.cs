using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Dapr.Actors;
using Dapr.Actors.Client;
using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Local.Hosting;
using DaprShop.Testing;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;

namespace DaprShop.Local.Tests.Actors;

/// <summary>Actors by the wall clock: calls, turns, state and errors.</summary>
public sealed class ActorTests(ActorTests.Shop shop) : IClassFixture<ActorTests.Shop>
{
    private readonly HttpClient _sidecar = shop.Host.DaprHttp("counters");
    private readonly string _id = Guid.NewGuid().ToString();

    [Fact]
    public async Task A_remoting_proxy_of_the_sdk_calls_and_state_is_kept()
    {
        var counter = shop.Proxy<ICounter>(_id);
        Assert.Equal(2, await counter.AddAsync(2));
        Assert.Equal(5, await counter.AddAsync(3));
        Assert.Equal(5, await counter.GetAsync());
    }

    [Fact]
    public async Task A_weakly_typed_proxy_of_the_sdk_calls_too()
    {
        var counter = shop.Proxies.Create(new ActorId(_id), "Counter");
        Assert.Equal(7, await counter.InvokeMethodAsync<int, int>("AddAsync", 7));
    }

    [Fact]
    public async Task Turns_of_an_actor_never_overlap()
    {
        var counter = shop.Proxy<ICounter>(_id);
        await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => counter.AddAsync(1)));
        Assert.Equal(100, await counter.GetAsync());
    }

    [Fact]
    public async Task Other_actors_do_not_wait_for_a_long_turn()
    {
        var probe = shop.Probe;
        var waiting = shop.Proxy<ICounter>(_id).WaitAsync();
        await probe.HappenedAsync($"waiting {_id}");
        var queued = shop.Proxy<ICounter>(_id).AddAsync(1);
        Assert.Equal(1, await shop.Proxy<ICounter>(_id + "-other").AddAsync(1));
        Assert.False(queued.IsCompleted);
        probe.Gate.SetResult();
        await waiting;
        Assert.Equal(1, await queued);
    }

    [Fact]
    public async Task A_method_that_fails_saves_nothing()
    {
        var counter = shop.Proxy<ICounter>(_id);
        await counter.AddAsync(1);
        var error = await Assert.ThrowsAsync<ActorMethodInvocationException>(() => counter.SetAndFailAsync(99));
        Assert.Contains("no luck", error.ToString(), StringComparison.Ordinal);
        Assert.Equal(1, await counter.GetAsync());
    }

    [Fact]
    public async Task Actors_call_each_other()
    {
        var counter = shop.Proxies.Create(new ActorId(_id), "Counter");
        Assert.Equal(1, await counter.InvokeMethodAsync<CallBack, int>("CallAsync2", new CallBack(_id + "-other", 1)));
    }

    [Fact]
    public async Task A_reentrant_actor_is_called_back_up_to_its_depth()
    {
        var counter = shop.Proxies.Create(new ActorId(_id), "Reentrant");
        Assert.Equal(6, await counter.InvokeMethodAsync<CallBack, int>("CallAsync2", new CallBack(_id + "-other", 6)));
        Assert.Equal(3, await counter.InvokeMethodAsync<CallBack, int>("CallAsync2", new CallBack(_id, 3)));
        await Assert.ThrowsAsync<global::Dapr.DaprApiException>(
            () => counter.InvokeMethodAsync<CallBack, int>("CallAsync2", new CallBack(_id, 4)));
        Assert.Equal(1, await counter.InvokeMethodAsync<CallBack, int>("CallAsync2", new CallBack(_id, 1)));
    }

    [Fact]
    public async Task Without_reentrancy_a_call_back_waits_until_its_caller_gives_up()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        using var inner = new HttpRequestMessage(HttpMethod.Put, $"v1.0/actors/Counter/{_id}/method/CallAsync2")
        {
            Content = JsonContent.Create(new { other = _id, depth = 1 }),
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _sidecar.SendAsync(inner, limit.Token));
    }

    [Fact]
    public async Task State_survives_a_restart_of_the_app()
    {
        await using var host = await CounterApp.StartAsync(new Probe());
        var counter = Shop.ProxiesOf(host).CreateActorProxy<ICounter>(new ActorId("1"), "Counter");
        await counter.AddAsync(4);
        await host.RestartAsync("counters");
        Assert.Equal(5, await counter.AddAsync(1));
    }

    [Fact]
    public async Task Actors_are_shared_out_over_the_apps_that_host_their_type_and_move_when_one_goes()
    {
        await using var host = await CounterApp.StartAsync(new Probe(), apps: ["east", "west"]);
        var east = Shop.ProxiesOf(host, "east");
        var west = Shop.ProxiesOf(host, "west");
        string[] ids = [.. Enumerable.Range(0, 30).Select(i => $"{i}")];
        await Task.WhenAll(ids.SelectMany(id => new[] { east, west }.Select(side => Counter(side, id).AddAsync(1))));
        await Task.WhenAll(ids.Select(async id => Assert.Equal(2, await Counter(west, id).GetAsync())));

        await host.StopAppAsync("east");
        await Task.WhenAll(ids.Select(id => Counter(west, id).AddAsync(1)));

        static ICounter Counter(ActorProxyFactory proxies, string id) => proxies.CreateActorProxy<ICounter>(new ActorId(id), "Counter");
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    public async Task Any_verb_invokes_a_method(string verb)
    {
        using var request = new HttpRequestMessage(new HttpMethod(verb), $"v1.0/actors/Counter/{_id}/method/GetAsync");
        using var response = await _sidecar.SendAsync(request);
        Assert.Equal("0", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Names_may_hold_what_paths_may_not()
    {
        var id = Uri.EscapeDataString("a b|ü%");
        using var added = await _sidecar.PostAsJsonAsync($"v1.0/actors/Counter/{id}/method/AddAsync", 5);
        Assert.Equal("5", await added.Content.ReadAsStringAsync());
        Assert.Equal("5", await _sidecar.GetStringAsync($"v1.0/actors/Counter/{id}/state/count"));
    }

    [Fact]
    public async Task State_is_a_transaction_and_absent_keys_are_empty()
    {
        await shop.Proxy<ICounter>(_id).GetAsync();
        var state = $"v1.0/actors/Counter/{_id}/state";
        using var saved = await PostAsync(state, """
            [{"operation":"upsert","request":{"key":"a","value":{"x":[1,"ä"]}}},
             {"operation":"upsert","request":{"key":"b","value":2}},
             {"operation":"delete","request":{"key":"a-key-that-is-not-there"}}]
            """);
        Assert.Equal(HttpStatusCode.NoContent, saved.StatusCode);
        using var read = await _sidecar.GetAsync($"{state}/a");
        Assert.Equal("application/json", read.Content.Headers.ContentType!.ToString());
        Assert.Equal("""{"x":[1,"ä"]}""", await read.Content.ReadAsStringAsync());
        using var absent = await _sidecar.GetAsync($"{state}/c");
        Assert.Equal(HttpStatusCode.NoContent, absent.StatusCode);

        using var bad = await PostAsync(
            state, """[{"operation":"delete","request":{"key":"b"}},{"operation":"swap","request":{"key":"a"}}]""");
        await AssertErrorAsync(
            bad, 500, "ERR_ACTOR_STATE_TRANSACTION_SAVE", "error saving actor transaction state: operation type swap not supported");
        Assert.Equal("2", await _sidecar.GetStringAsync($"{state}/b"));
    }

    [Theory]
    [InlineData("PUT", "Counter/{0}/method/NoSuchMethodAsync", "", 500,
        "ERR_ACTOR_INVOKE_METHOD", "error invoke actor method: error from actor service: (500)")]
    [InlineData("PUT", "Counter/{0}/method/SetAndFailAsync", "1", 500,
        "ERR_ACTOR_INVOKE_METHOD", "error invoke actor method: error from actor service: (500)")]
    [InlineData("PUT", "Counter/a%3Fb/method/GetAsync", "", 400,
        "ERR_BAD_REQUEST", "invalid request: invalid actorId: name contains forbidden")]
    [InlineData("PUT", "Counter/{0}/state", "[]", 400, "ERR_ACTOR_INSTANCE_MISSING", "actor instance is missing")]
    [InlineData("PUT", "Counter/{0}/state", "{", 400, "ERR_MALFORMED_REQUEST", "failed deserializing HTTP body: ")]
    [InlineData("GET", "Counter/{0}/reminders/r", "", 404, "ERR_ACTOR_REMINDER_NOT_FOUND", "actor reminder not found: r")]
    [InlineData("PUT", "Nobody/{0}/reminders/r", "{}", 403,
        "ERR_ACTOR_REMINDER_NON_HOSTED", "operations on actor reminders are only possible")]
    [InlineData("PUT", "Counter/{0}/reminders/r", "{}", 500,
        "ERR_ACTOR_REMINDER_CREATE", "error creating actor reminder: job must have either")]
    [InlineData("PUT", "Counter/{0}/reminders/r", "nope", 400, "ERR_MALFORMED_REQUEST", "failed deserializing HTTP body: ")]
    [InlineData("PUT", "Counter/{0}/reminders/r", """{"period":"P1D"}""", 500,
        "ERR_ACTOR_REMINDER_CREATE", "error creating actor reminder: unsupported period format: P1D")]
    [InlineData("PUT", "Counter/{0}/reminders/r%23", """{"period":"1s"}""", 400,
        "ERR_BAD_REQUEST", "invalid request: name contains forbidden")]
    [InlineData("PUT", "dapr.internal.x/{0}/reminders/r", "{}", 403,
        "ERR_ACTOR_TYPE_RESERVED", "actor type \"dapr.internal.x\" is reserved")]
    [InlineData("PUT", "Nobody/{0}/timers/t", """{"period":"1s"}""", 500,
        "ERR_ACTOR_TIMER_CREATE", "error creating actor timer: can't create timer for actor Nobody||")]
    [InlineData("PUT", "Counter/{0}/timers/t", """{"period":"R0/PT1S"}""", 500,
        "ERR_ACTOR_TIMER_CREATE", "error creating actor timer: invalid timer period")]
    public async Task Errors_are_those_of_daprd(string verb, string path, string body, int status, string code, string message)
    {
        using var request = new HttpRequestMessage(new HttpMethod(verb), "v1.0/actors/" + string.Format(null, path, _id));
        if (body.Length > 0) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await _sidecar.SendAsync(request);
        await AssertErrorAsync(response, status, code, message);
    }

    [Fact]
    public async Task What_does_not_exist_is_deleted_without_an_error()
    {
        using var reminder = await _sidecar.DeleteAsync($"v1.0/actors/Counter/{_id}/reminders/none");
        using var timer = await _sidecar.DeleteAsync($"v1.0/actors/Counter/{_id}/timers/none");
        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NoContent), (reminder.StatusCode, timer.StatusCode));
    }

    [Fact]
    public async Task A_reminder_can_be_read_and_is_only_replaced_when_that_is_allowed()
    {
        var reminder = $"v1.0/actors/Counter/{_id}/reminders/r";
        using var created = await PostAsync(reminder, """{"dueTime":"1h","period":"R5/PT90M","data":{"a":1}}""");
        Assert.Equal(HttpStatusCode.NoContent, created.StatusCode);
        Assert.Equal(
            $$"""{"actorID":"{{_id}}","actorType":"Counter","data":{"a":1},"dueTime":"1h","period":"@every 1h30m0s"}""",
            await _sidecar.GetStringAsync(reminder));
        using var refused = await PostAsync(reminder, """{"dueTime":"2h","overwrite":false}""");
        await AssertErrorAsync(refused, 409, "ERR_ACTOR_REMINDER_ALREADY_EXISTS", "actor reminder already exists: r");
        await PostAsync(reminder, """{"dueTime":"2h"}""");
        Assert.Contains("\"2h\"", await _sidecar.GetStringAsync(reminder), StringComparison.Ordinal);
    }

    [Fact]
    public async Task State_and_reminders_may_be_deep()
    {
        var deep = new string('[', 100) + new string(']', 100);
        var actor = $"v1.0/actors/Counter/{_id}";
        await shop.Proxy<ICounter>(_id).GetAsync();
        using var saved = await PostAsync($"{actor}/state", $$$"""[{"operation":"upsert","request":{"key":"deep","value":{{{deep}}}}}]""");
        using var registered = await PostAsync($"{actor}/reminders/deep", $$"""{"dueTime":"1h","data":{{deep}}}""");
        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NoContent), (saved.StatusCode, registered.StatusCode));
        Assert.Equal(deep, await _sidecar.GetStringAsync($"{actor}/state/deep"));
        Assert.Contains($"\"data\":{deep}", await _sidecar.GetStringAsync($"{actor}/reminders/deep"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_over_grpc()
    {
        var dapr = shop.Grpc;
        var answer = await dapr.InvokeActorAsync(new InvokeActorRequest
        {
            ActorType = "Counter",
            ActorId = _id,
            Method = "AddAsync",
            Data = ByteString.CopyFromUtf8("3"),
        });
        Assert.Equal("3", answer.Data.ToStringUtf8());

        await dapr.ExecuteActorStateTransactionAsync(new ExecuteActorStateTransactionRequest
        {
            ActorType = "Counter",
            ActorId = _id,
            Operations =
            {
                new TransactionalActorStateOperation
                {
                    OperationType = "upsert", Key = "k", Value = new Any { Value = ByteString.CopyFromUtf8("raw") },
                },
            },
        });
        var state = await dapr.GetActorStateAsync(new GetActorStateRequest { ActorType = "Counter", ActorId = _id, Key = "k" });
        Assert.Equal("raw", state.Data.ToStringUtf8());

        await dapr.RegisterActorReminderAsync(new RegisterActorReminderRequest
        {
            ActorType = "Counter",
            ActorId = _id,
            Name = "r",
            DueTime = "1h",
            Data = ByteString.CopyFromUtf8("x"),
            FailurePolicy = new JobFailurePolicy { Drop = new JobFailurePolicyDrop() },
        });
        var reminder = await dapr.GetActorReminderAsync(new GetActorReminderRequest { ActorType = "Counter", ActorId = _id, Name = "r" });
        Assert.Equal("\"eA==\"", reminder.Data.Unpack<BytesValue>().Value.ToStringUtf8());
        await dapr.UnregisterActorReminderAsync(new UnregisterActorReminderRequest { ActorType = "Counter", ActorId = _id, Name = "r" });
        var gone = await Assert.ThrowsAsync<RpcException>(async () =>
            await dapr.GetActorReminderAsync(new GetActorReminderRequest { ActorType = "Counter", ActorId = _id, Name = "r" }));
        Assert.Equal(StatusCode.NotFound, gone.StatusCode);

        await dapr.RegisterActorTimerAsync(new RegisterActorTimerRequest
        {
            ActorType = "Counter",
            ActorId = _id,
            Name = "t",
            DueTime = "1h",
            Callback = "TickAsync",
        });
        await dapr.UnregisterActorTimerAsync(new UnregisterActorTimerRequest { ActorType = "Counter", ActorId = _id, Name = "t" });
    }

    private Task<HttpResponseMessage> PostAsync(string path, string json) =>
        _sidecar.PostAsync(path, new StringContent(json, Encoding.UTF8, "application/json"));

    private static async Task AssertErrorAsync(HttpResponseMessage response, int status, string code, string message)
    {
        var body = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal((status, code), ((int)response.StatusCode, body.GetProperty("errorCode").GetString()));
        Assert.StartsWith(message, body.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    public sealed class Shop : IAsyncLifetime
    {
        public ShopHost Host { get; private set; } = null!;

        public Probe Probe { get; } = new();

        public ActorProxyFactory Proxies { get; private set; } = null!;

        public Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient Grpc { get; private set; } = null!;

        public T Proxy<T>(string id) where T : IActor => Proxies.CreateActorProxy<T>(new ActorId(id), "Counter");

        public static ActorProxyFactory ProxiesOf(ShopHost host, string appId = "counters")
        {
            var http = host.DaprHttp(appId);
            return new ActorProxyFactory(new ActorProxyOptions
            {
                HttpEndpoint = http.BaseAddress!.ToString().TrimEnd('/'),
                DaprApiToken = http.DefaultRequestHeaders.GetValues("dapr-api-token").Single(),
            });
        }

        public async ValueTask InitializeAsync()
        {
            Host = await CounterApp.StartAsync(Probe);
            Proxies = ProxiesOf(Host);
            var sidecar = Host.Runtime.GetRequiredService<AppRegistry>().Of("counters")[0];
            var token = Host.DaprHttp("counters").DefaultRequestHeaders.GetValues("dapr-api-token").Single();
            var credentials = CallCredentials.FromInterceptor((_, metadata) =>
            {
                metadata.Add("dapr-api-token", token);
                return Task.CompletedTask;
            });
            Grpc = new(GrpcChannel.ForAddress($"http://127.0.0.1:{sidecar.GrpcPort}", new GrpcChannelOptions
            {
                Credentials = ChannelCredentials.Create(ChannelCredentials.Insecure, credentials),
                UnsafeUseInsecureChannelCallCredentials = true,
            }));
        }

        public ValueTask DisposeAsync() => Host.DisposeAsync();
    }
}
