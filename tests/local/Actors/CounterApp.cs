using System.Collections.Concurrent;
using System.Runtime.Serialization;
using Dapr.Actors;
using Dapr.Actors.Runtime;
using DaprShop.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace DaprShop.Local.Tests.Actors;

/// <summary>What the tests see of the actors of a <see cref="CounterApp"/>.</summary>
public sealed class Probe
{
    public ConcurrentQueue<string> Events { get; } = new();

    /// <summary>Makes every reminder callback fail.</summary>
    public bool RemindersFail { get; set; }

    /// <summary>Holds <c>WaitAsync</c> until the test lets it go.</summary>
    public TaskCompletionSource Gate { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int CountOf(string what) => Events.Count(entry => entry == what);

    public Task HappenedAsync(string what, int times = 1) =>
        ShopHost.EventuallyAsync(() => Task.FromResult(CountOf(what) >= times), $"{times} × {what}, saw {string.Join(", ", Events)}");
}

public interface ICounter : IActor
{
    Task<int> AddAsync(int number);

    Task<int> GetAsync();

    Task SetAndFailAsync(int number);

    Task WaitAsync();

    Task<int> CallAsync(string other, int depth);

    Task<int> CallAsync2(CallBack call);

    Task RemindAsync(Schedule schedule);

    Task ForgetAsync(string name);

    Task StartTimerAsync(Schedule schedule);

    Task StopTimerAsync(string name);
}

/// <summary>Negative seconds for no period.</summary>
[DataContract]
public sealed record Schedule(
    [property: DataMember] string Name, [property: DataMember] int DueSeconds,
    [property: DataMember] int PeriodSeconds, [property: DataMember] string Data);

/// <summary>Calls another actor, which calls back until <paramref name="Depth"/> is used up.</summary>
public sealed record CallBack(string Other, int Depth);

/// <summary>A counter written with nothing but the stock SDK.</summary>
public sealed class Counter(ActorHost host, Probe probe) : Actor(host), ICounter, IRemindable
{
    private const string State = "count";

    protected override Task OnDeactivateAsync()
    {
        probe.Events.Enqueue($"deactivated {Id}");
        return Task.CompletedTask;
    }

    /// <summary>Loses updates when two turns overlap.</summary>
    public async Task<int> AddAsync(int number)
    {
        var count = await GetAsync();
        await Task.Yield();
        await StateManager.SetStateAsync(State, count + number);
        return count + number;
    }

    public Task<int> GetAsync() => StateManager.GetOrAddStateAsync(State, 0);

    public async Task SetAndFailAsync(int number)
    {
        await StateManager.SetStateAsync(State, number);
        throw new InvalidOperationException("no luck");
    }

    public async Task WaitAsync()
    {
        probe.Events.Enqueue($"waiting {Id}");
        await probe.Gate.Task;
    }

    public Task<int> CallAsync(string other, int depth) => CallAsync2(new CallBack(other, depth));

    public async Task<int> CallAsync2(CallBack call)
    {
        if (call.Depth == 0) return 0;
        var other = ProxyFactory.Create(new ActorId(call.Other), Host.ActorTypeInfo.ActorTypeName);
        return 1 + await other.InvokeMethodAsync<CallBack, int>(nameof(CallAsync2), new CallBack(Id.GetId(), call.Depth - 1));
    }

    public Task RemindAsync(Schedule schedule) => RegisterReminderAsync(
        schedule.Name, System.Text.Encoding.UTF8.GetBytes(schedule.Data), TimeSpan.FromSeconds(schedule.DueSeconds), Period(schedule));

    public Task ForgetAsync(string name) => UnregisterReminderAsync(name);

    public Task StartTimerAsync(Schedule schedule) => RegisterTimerAsync(
        schedule.Name, nameof(TickAsync), System.Text.Encoding.UTF8.GetBytes(schedule.Data),
        TimeSpan.FromSeconds(schedule.DueSeconds), Period(schedule));

    public Task StopTimerAsync(string name) => UnregisterTimerAsync(name);

    public Task TickAsync(byte[] data)
    {
        probe.Events.Enqueue($"tick {Id} {System.Text.Encoding.UTF8.GetString(data)}");
        return Task.CompletedTask;
    }

    public async Task ReceiveReminderAsync(string reminderName, byte[] state, TimeSpan dueTime, TimeSpan period)
    {
        probe.Events.Enqueue($"reminder {Id} {reminderName} {System.Text.Encoding.UTF8.GetString(state)}");
        if (reminderName == "once-then-never") await UnregisterReminderAsync(reminderName);
        if (probe.RemindersFail) throw new InvalidOperationException("not now");
    }

    private static TimeSpan Period(Schedule schedule) =>
        schedule.PeriodSeconds < 0 ? TimeSpan.FromMilliseconds(-1) : TimeSpan.FromSeconds(schedule.PeriodSeconds);
}

/// <summary>Apps that host <see cref="Counter"/>s, as types <c>Counter</c> and (reentrant) <c>Reentrant</c>.</summary>
public static class CounterApp
{
    public const string Components = """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: actor-store }
        spec:
          type: state.sqlite
          version: v1
          metadata:
            - { name: connectionString, value: data/actors.db }
            - { name: actorStateStore, value: "true" }
        """;

    public static readonly TimeSpan IdleTimeout = TimeSpan.FromMinutes(10);

    public static Task<ShopHost> StartAsync(Probe probe, FakeTimeProvider? clock = null, string? data = null, params string[] apps) =>
        ShopHost.StartAsync(shop =>
        {
            foreach (var app in apps is [] ? ["counters"] : apps)
                shop.Service(app, Create, builder => builder.Services.AddSingleton(probe));
            shop.Resources(Components);
            if (clock is not null) shop.Runtime(services => services.AddSingleton<TimeProvider>(clock));
            if (data is not null) shop.Data(data);
        });

    private static WebApplication Create(string[] arguments, Action<WebApplicationBuilder>? configure)
    {
        var builder = WebApplication.CreateSlimBuilder(arguments);
        builder.WebHost.UseUrls($"http://127.0.0.1:{builder.Configuration["APP_PORT"]}");
        builder.Logging.ClearProviders();
        configure?.Invoke(builder);
        builder.Services.AddActors(options =>
        {
            options.HttpEndpoint = builder.Configuration["DAPR_HTTP_ENDPOINT"];
            options.DaprApiToken = builder.Configuration["DAPR_API_TOKEN"];
            options.ActorIdleTimeout = IdleTimeout;
            options.Actors.RegisterActor<Counter>("Counter");
            options.Actors.RegisterActor<Counter>("Reentrant", new ActorRuntimeOptions
            {
                ReentrancyConfig = new ActorReentrancyConfig { Enabled = true, MaxStackDepth = 4 },
            });
        });
        var app = builder.Build();
        app.MapActorsHandlers();
        return app;
    }
}
