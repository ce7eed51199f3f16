using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Local.AppHealth;
using DaprShop.Local.Hosting;
using DaprShop.Local.Resiliency;
using DaprShop.Testing;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Client = Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient;

namespace DaprShop.Local.Tests.Hosting;

/// <summary>Several of one app: how work is shared, and what becomes of it when replicas come, go, die, or give place to new ones.</summary>
public sealed class ReplicaTests : IAsyncDisposable
{
    private static readonly HealthCheck s_often = new()
    {
        Path = "/wellness",
        Interval = TimeSpan.FromMilliseconds(50),
        Timeout = TimeSpan.FromMinutes(1),
        Threshold = 1,
    };

    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("daprshop-");
    private WorkerApp _workers = new();
    private LocalRuntime _runtime = null!;
    private HttpClient _caller = null!;

    public async ValueTask DisposeAsync()
    {
        _caller.Dispose();
        await _runtime.DisposeAsync();
        _data.Delete(recursive: true);
    }

    [Fact]
    public async Task Calls_go_to_the_replicas_in_turn()
    {
        await StartAsync(replicas: 3);

        var answers = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => WhoAsync()));

        Assert.Equal([10, 10, 10], answers.GroupBy(who => who).Select(replica => replica.Count()));
    }

    [Fact]
    public async Task A_message_goes_to_one_of_them_and_all_take_their_share()
    {
        await StartAsync(replicas: 3);

        await Task.WhenAll(Enumerable.Range(0, 90).Select(PublishAsync));
        await ShopHost.EventuallyAsync(() => Task.FromResult(_workers.Heard.Count >= 90), "90 messages");

        Assert.Equal(Enumerable.Range(0, 90), _workers.Heard.Select(heard => heard.Message).Order());
        Assert.Equal(3, _workers.Heard.Select(heard => heard.Worker).Distinct().Count());
    }

    [Fact]
    public async Task An_actor_lives_in_one_of_them_and_moves_when_that_dies()
    {
        await StartAsync(replicas: 3);
        var homes = await HomesAsync();
        Assert.Equal(3, homes.Values.Distinct().Count());
        Assert.Equal(homes, await HomesAsync());
        var dying = homes["0"];
        _workers.IsBroken = true; // nobody comes in its place

        using (await _caller.PostAsync($"http://127.0.0.1:{dying}/die", null)) { }
        await ShopHost.EventuallyAsync(() => Task.FromResult(Replicas().Any(replica => !replica.App.IsHealthy)), "the death");
        var moved = await HomesAsync();

        Assert.NotEqual(dying, moved["0"]);
        foreach (var (id, home) in homes.Where(actor => actor.Value != dying)) Assert.Equal(home, moved[id]);
    }

    [Fact]
    public async Task More_and_fewer_of_them_while_they_work_fails_no_call_and_loses_no_message()
    {
        await StartAsync(replicas: 1);
        await UnderLoadAsync(async () =>
        {
            await _runtime.ScaleAsync(WorkerApp.AppId, 3);
            Assert.Equal(3, Replicas().Count(replica => replica.App.IsHealthy));
            await _runtime.ScaleAsync(WorkerApp.AppId, 1);
        });
        Assert.Equal(0, Assert.Single(Replicas()).Replica);
    }

    [Fact]
    public async Task New_ones_in_their_place_while_they_work_fail_no_call_and_lose_no_message()
    {
        await StartAsync(replicas: 2);
        var before = Replicas();

        await UnderLoadAsync(() => _runtime.ReplaceAsync(WorkerApp.AppId));

        Assert.Empty(Replicas().Intersect(before));
        Assert.Equal(2, Replicas().Count);
        foreach (var gone in before)
        {
            Assert.False(await AppPort.AnswersAsync(gone.App.Address!));
            Assert.True(FreePorts.IsFree(gone.HttpPort) && FreePorts.IsFree(gone.GrpcPort));
        }
    }

    [Fact]
    public async Task Those_that_come_at_once_share_no_port_and_are_told_of_once()
    {
        _workers = new WorkerApp { HasFixedPorts = true };
        await StartAsync(replicas: 1);
        // Whoever comes next may have the fixed ones.
        await _runtime.ReplaceAsync(WorkerApp.AppId);
        var told = new List<int>();
        _runtime.OnChanged(() =>
        {
            told.Add(Replicas().Count);
            return Task.CompletedTask;
        });

        await _runtime.ScaleAsync(WorkerApp.AppId, 4);

        Assert.Equal([4], told);
        var ports = Replicas().SelectMany(replica => new[] { replica.HttpPort, replica.GrpcPort, replica.App.Address!.Port }).ToList();
        Assert.Equal(12, ports.Distinct().Count());
        Assert.Equal(4, (await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => WhoAsync()))).Distinct().Count());
    }

    [Fact]
    public async Task An_old_one_ends_what_it_is_at_before_it_goes()
    {
        await StartAsync(replicas: 1);
        var old = Replicas()[0];
        var held = _caller.GetStringAsync("/v1.0/invoke/worker/method/held");
        await _workers.Held.Task;

        var replaced = _runtime.ReplaceAsync(WorkerApp.AppId);
        await ShopHost.EventuallyAsync(() => Task.FromResult(!Replicas().Contains(old)), "its successor");
        Assert.NotEqual(Name(old), await WhoAsync());
        Assert.False(replaced.IsCompleted);
        _workers.Gate.SetResult();

        Assert.Equal(Name(old), await held);
        await replaced;
    }

    [Fact]
    public async Task A_new_one_that_cannot_start_leaves_the_old_one_in_place()
    {
        await StartAsync(replicas: 1);
        var old = Replicas();
        _workers.IsBroken = true;

        await Assert.ThrowsAsync<InvalidOperationException>(() => _runtime.ReplaceAsync(WorkerApp.AppId));

        Assert.Equal(old, Replicas());
        Assert.Equal(Name(old[0]), await WhoAsync());
    }

    [Fact]
    public async Task An_app_that_is_asked_to_end_does_not_wait_for_actors_that_will_not_come()
    {
        // The clock stands still, so whoever waits for a second try waits for ever.
        await StartAsync(replicas: 1, services => services.AddSingleton<TimeProvider>(new FakeTimeProvider(DateTimeOffset.UtcNow)));
        var words = _caller.GetStringAsync("/v1.0/invoke/worker/method/last-words");
        await _workers.Held.Task;

        await _runtime.StopAppAsync(WorkerApp.AppId);

        Assert.Contains("did not find address for actor", await words, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_is_unwell_gets_no_calls_messages_or_actors_until_it_is_well()
    {
        await StartAsync(replicas: 3, healthCheck: s_often);
        var homes = await HomesAsync();
        var patient = homes["0"];
        _workers.Unwell[patient] = true;
        await ShopHost.EventuallyAsync(() => Task.FromResult(Replicas().Count(replica => replica.App.IsHealthy) == 2), "the illness");

        Assert.DoesNotContain(patient, await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => WhoAsync())));
        await Task.WhenAll(Enumerable.Range(0, 30).Select(PublishAsync));
        await ShopHost.EventuallyAsync(() => Task.FromResult(_workers.Heard.Count >= 30), "30 messages");
        Assert.DoesNotContain(patient, _workers.Heard.Select(heard => heard.Worker));
        Assert.DoesNotContain(patient, (await HomesAsync()).Values);

        _workers.Unwell.TryRemove(patient, out _);
        await ShopHost.EventuallyAsync(async () => (await HomesAsync())["0"] == patient, "the recovery");
        Assert.Equal(homes, await HomesAsync());
        Assert.Contains(patient, await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => WhoAsync())));
    }

    [Fact]
    public async Task When_all_are_unwell_calls_are_refused_and_messages_wait()
    {
        await StartAsync(replicas: 2, healthCheck: s_often);
        foreach (var replica in Replicas()) _workers.Unwell[Name(replica)] = true;
        await ShopHost.EventuallyAsync(() => Task.FromResult(!Replicas().Any(replica => replica.App.IsHealthy)), "the illness");

        using var refusal = await _caller.GetAsync("/v1.0/invoke/worker/method/who");
        Assert.Equal(HttpStatusCode.InternalServerError, refusal.StatusCode);
        Assert.Contains("app is not in a healthy state", await refusal.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await Task.WhenAll(Enumerable.Range(0, 10).Select(PublishAsync));
        await Task.Delay(s_often.Interval * 4);
        Assert.Empty(_workers.Heard);

        _workers.Unwell.Clear();
        await ShopHost.EventuallyAsync(() => Task.FromResult(_workers.Heard.Count >= 10), "10 messages");
        Assert.Equal(Enumerable.Range(0, 10), _workers.Heard.Select(heard => heard.Message).Order());
    }

    [Fact]
    public async Task One_that_falls_ill_under_load_loses_no_message()
    {
        await StartAsync(replicas: 2, healthCheck: s_often);
        await UnderLoadAsync(async () =>
        {
            for (var i = 0; i < 4; i++)
            {
                var patient = Replicas()[i % 2];
                _workers.Unwell[Name(patient)] = true;
                await ShopHost.EventuallyAsync(() => Task.FromResult(!patient.App.IsHealthy), "the illness");
                _workers.Unwell.Clear();
                await ShopHost.EventuallyAsync(() => Task.FromResult(patient.App.IsHealthy), "the recovery");
            }
        });
    }

    [Fact]
    public async Task A_new_one_takes_an_old_one_s_place_once_it_is_well()
    {
        await StartAsync(replicas: 1, healthCheck: s_often);
        var old = Replicas();
        _workers.AreNewOnesUnwell = true;

        var replaced = _runtime.ReplaceAsync(WorkerApp.AppId);
        await ShopHost.EventuallyAsync(() => Task.FromResult(!_workers.Unwell.IsEmpty), "the new one");
        await Task.Delay(s_often.Interval * 4);
        Assert.Equal(old, Replicas());
        Assert.Equal(Name(old[0]), await WhoAsync());

        _workers.Unwell.Clear();
        await replaced;
        Assert.NotEqual(Name(old[0]), await WhoAsync());
    }

    [Fact]
    public async Task What_one_of_them_cannot_be_reached_for_goes_to_another_with_its_body()
    {
        const string retries = """
            apiVersion: dapr.io/v1alpha1
            kind: Resiliency
            metadata: { name: test }
            spec:
              policies: { retries: { once: { policy: constant, duration: 1ms, maxRetries: 1 } } }
              targets: { apps: { worker: { retry: once } } }
            """;
        await StartAsync(replicas: 2, services => services.AddSingleton(
            new ResiliencyPolicies([ResiliencySpec.Parse(retries, "test")], TimeProvider.System)));
        _workers.IsBroken = true; // nobody comes in the place of the one that dies
        var dead = Replicas()[0];
        using (await _caller.PostAsync(dead.App.AddressOf("die"), null)) { }
        await ShopHost.EventuallyAsync(() => Task.FromResult(dead.App is { IsListening: false, IsWell: false }), "the death");
        (dead.App.IsListening, dead.App.IsWell) = (true, true); // its sidecar has not heard of it

        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{_runtime.Apps.Of("caller")[0].GrpcPort}");
        var byGrpc = new InvokeServiceRequest
        {
            Id = WorkerApp.AppId,
            Message = new InvokeRequest
            {
                Method = "echo",
                Data = new Any { Value = ByteString.CopyFromUtf8("words") },
                HttpExtension = new HTTPExtension { Verb = HTTPExtension.Types.Verb.Post },
            },
        };
        // Each of them is the first to be asked in turn.
        for (var i = 0; i < 2; i++)
        {
            using var answer = await _caller.PostAsync("/v1.0/invoke/worker/method/echo", new StringContent("words"));
            Assert.Equal("words", await answer.Content.ReadAsStringAsync());
        }
        for (var i = 0; i < 2; i++)
            Assert.Equal("words", (await new Client(channel).InvokeServiceAsync(byGrpc)).Data.Value.ToStringUtf8());
    }

    [Fact]
    public async Task A_policy_ends_calls_over_grpc_in_daprd_s_words()
    {
        const string limits = """
            apiVersion: dapr.io/v1alpha1
            kind: Resiliency
            metadata: { name: test }
            spec:
              policies:
                timeouts: { soon: 50ms }
                circuitBreakers: { first: { trip: consecutiveFailures > 0, timeout: 1h } }
              targets: { apps: { worker: { timeout: soon, circuitBreaker: first } } }
            """;
        await StartAsync(replicas: 1, services => services.AddSingleton(
            new ResiliencyPolicies([ResiliencySpec.Parse(limits, "test")], TimeProvider.System)));
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{_runtime.Apps.Of("caller")[0].GrpcPort}");
        var held = new InvokeServiceRequest
        {
            Id = WorkerApp.AppId,
            Message = new InvokeRequest { Method = "held", HttpExtension = new HTTPExtension { Verb = HTTPExtension.Types.Verb.Get } },
        };

        var late = await Assert.ThrowsAsync<RpcException>(async () => await new Client(channel).InvokeServiceAsync(held));
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await new Client(channel).InvokeServiceAsync(held));
        _workers.Gate.SetResult();

        Assert.Equal((StatusCode.DeadlineExceeded, "context deadline exceeded"), (late.StatusCode, late.Status.Detail));
        Assert.Equal((StatusCode.Unknown, "circuit breaker is open"), (refused.StatusCode, refused.Status.Detail));
    }

    [Fact]
    public async Task Only_as_many_as_can_be_are_taken()
    {
        await StartAsync(replicas: 1);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => _runtime.ScaleAsync(WorkerApp.AppId, 0));
        await Assert.ThrowsAsync<ArgumentException>(() => _runtime.ScaleAsync("nobody", 2));
    }

    private async Task StartAsync(int replicas, Action<IServiceCollection>? services = null, HealthCheck? healthCheck = null)
    {
        _runtime = await _workers.StartAsync(_data.FullName, replicas, services, healthCheck);
        _caller = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_runtime.Apps.Of("caller")[0].HttpPort}") };
    }

    private IReadOnlyList<Sidecar> Replicas() => _runtime.Apps.Of(WorkerApp.AppId);

    private static string Name(Sidecar replica) => replica.App.Address!.Port.ToString(CultureInfo.InvariantCulture);

    private Task<string> WhoAsync() => _caller.GetStringAsync("/v1.0/invoke/worker/method/who");

    private async Task PublishAsync(int message)
    {
        using var response = await _caller.PostAsJsonAsync("/v1.0/publish/pubsub/jobs", message);
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
    }

    private async Task<string> HomeAsync(int actor)
    {
        using var response = await _caller.PutAsync($"/v1.0/actors/Thing/{actor}/method/who", null);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadAsStringAsync();
    }

    private async Task<Dictionary<string, string>> HomesAsync()
    {
        var homes = new Dictionary<string, string>();
        for (var actor = 0; actor < 30; actor++) homes[$"{actor}"] = await HomeAsync(actor);
        return homes;
    }

    /// <summary>Calls over HTTP and gRPC, messages and actor turns all the while, each of which must succeed.</summary>
    private async Task UnderLoadAsync(Func<Task> change)
    {
        using var stop = new CancellationTokenSource();
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{_runtime.Apps.Of("caller")[0].GrpcPort}");
        var grpc = new Client(channel);
        var whoByGrpc = new InvokeServiceRequest
        {
            Id = WorkerApp.AppId,
            Message = new InvokeRequest { Method = "who", HttpExtension = new HTTPExtension { Verb = HTTPExtension.Types.Verb.Get } },
        };
        var published = 0;
        var clients = Enumerable.Range(0, 4).Select(client => Task.Run(async () =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                await WhoAsync();
                await grpc.InvokeServiceAsync(whoByGrpc);
                await _caller.GetStringAsync("/v1.0/invoke/worker/method/slow");
                await HomeAsync((client * 100) + (i % 20));
                await PublishAsync(Interlocked.Increment(ref published) - 1);
            }
        })).ToList();
        // A client that fails ends before it is told to.
        var all = Task.WhenAll(clients);
        try
        {
            await change();
            Assert.False(all.IsCompleted);
        }
        finally
        {
            await stop.CancelAsync();
        }
        await all;
        await ShopHost.EventuallyAsync(() => Task.FromResult(_workers.Heard.Count >= published), "every message");
        Assert.Equal(Enumerable.Range(0, published), _workers.Heard.Select(heard => heard.Message).Order());
    }
}
