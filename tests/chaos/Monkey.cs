using System.Collections.Concurrent;

namespace DaprShop.Chaos.Tests;

/// <summary>
/// Breaks things, by a seed: one hand kills and pauses processes, the other sets faults between them. All of it is mended again by the
/// runtime or ends by itself.
/// </summary>
/// <param name="shop">The victim.</param>
/// <param name="seed">The same seed does the same things in the same order.</param>
public sealed class Monkey(ShopProcess shop, int seed)
{
    private static readonly string[] s_services =
        ["ordering", "ordering", "inventory", "payment", "shipping", "basket", "notification", "catalog", "members"];

    /// <summary>Messages come twice or three times, some of them seconds later, late, and in another order: all the time.</summary>
    private static readonly string[] s_always =
    [
        "app: '*', on: deliver, do: repeat, copies: 3, chance: 0.15",
        "app: '*', on: deliver, do: repeat, copies: 2, for: 3s, chance: 0.15",
        "app: '*', on: deliver, do: delay, for: 700ms, chance: 0.1",
        "app: '*', on: deliver, do: shuffle, chance: 0.3",
    ];

    /// <summary>What goes wrong for a few seconds; <c>{0}</c> is a service.</summary>
    private static readonly string[] s_weather =
    [
        "app: {0}, on: invoke, do: fail, chance: 0.7",
        "app: {0}, on: invoke, do: fail, when: after, chance: 0.5",
        "app: {0}, on: invoke, do: delay, for: 1500ms, chance: 0.7",
        "app: {0}, on: invoke, do: mute, chance: 0.5",
        "app: {0}, on: invoke, do: mute, when: after, chance: 0.5",
        "app: {0}, on: invoke, do: cut, when: after, chance: 0.6",
        "app: {0}, on: invoke, do: repeat, copies: 3, chance: 0.6",
        "app: {0}, on: invoke, do: repeat, for: 2s, chance: 0.6",
        "app: {0}, on: turn, do: fail, chance: 0.5",
        "app: {0}, on: turn, do: cut, when: after, chance: 0.4",
        "app: {0}, on: turn, do: delay, for: 800ms, chance: 0.4",
        "app: {0}, on: deliver, do: fail, chance: 0.6",
        "app: {0}, on: deliver, do: cut, when: after, chance: 0.6",
        "app: {0}, on: publish, do: fail",
        "app: {0}, on: publish, do: cut, when: after, chance: 0.6",
        "app: '*', on: publish, do: fail",
        "app: {0}, on: write, do: fail, chance: 0.8",
        "app: {0}, on: write, do: cut, when: after, chance: 0.4",
        "app: {0}, on: write, do: delay, for: 600ms, chance: 0.5",
        "app: {0}, on: read, do: fail, chance: 0.6",
        "app: {0}, on: remind, do: fail, chance: 0.8",
        "app: {0}, on: remind, do: cut, when: after, chance: 0.6",
    ];

    private readonly ConcurrentDictionary<string, int> _done = new();

    /// <summary>What was done, and how often.</summary>
    public IReadOnlyDictionary<string, int> Done => _done;

    /// <summary>Goes on until <paramref name="stop"/>, and then leaves everything running and no fault set.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        await Task.WhenAll(KillAsync(new Random(seed), stop), FaultAsync(new Random(seed + 1), stop));
        await CountFaultsAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (!await shop.SetFaultsAsync([])) await Task.Delay(200, limit.Token);
    }

    /// <summary>What is done to processes, and with which share.</summary>
    private (int Share, string Name, Func<string, TimeSpan, Task<bool>> Strike)[] Blows =>
    [
        (shop.HasRedis ? 20 : 0, "kill -9 of Redis", (_, span) => shop.KillRedisAsync(span)),
        (55, "kill -9 of a service", (service, _) => shop.SignalAsync(service, "KILL")),
        (25, "pause of a service", PauseAsync),
        (10, "pause of the runtime", PauseRuntimeAsync),
        (10, "kill -9 of the runtime", KillRuntimeAsync),
    ];

    private async Task KillAsync(Random random, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var (service, dice) = (random.GetItems(s_services, 1)[0], random.Next(Blows.Sum(blow => blow.Share)));
            var span = TimeSpan.FromSeconds(0.5 + (random.NextDouble() * 3));
            var (_, name, strike) = Blows.SkipWhile(blow => (dice -= blow.Share) >= 0).First();
            if (await strike(service, span)) Count(name);
            await WaitAsync(TimeSpan.FromSeconds(1 + (random.NextDouble() * 3)), stop);
        }
    }

    private async Task<bool> PauseAsync(string service, TimeSpan span)
    {
        if (!await shop.SignalAsync(service, "STOP")) return false;
        await Task.Delay(span);
        await shop.SignalAsync(service, "CONT");
        return true;
    }

    private async Task<bool> PauseRuntimeAsync(string service, TimeSpan span)
    {
        await shop.PauseAsync();
        await Task.Delay(span);
        await shop.ResumeAsync();
        return true;
    }

    /// <summary>And its next life, with some time for it.</summary>
    private async Task<bool> KillRuntimeAsync(string service, TimeSpan span)
    {
        await CountFaultsAsync();
        await shop.KillAsync();
        await Task.Delay(span / 4);
        shop.Start();
        await Task.Delay(TimeSpan.FromSeconds(6));
        return true;
    }

    private async Task FaultAsync(Random random, CancellationToken stop)
    {
        for (var round = 0; !stop.IsCancellationRequested; round++)
        {
            var weather = random.GetItems(s_weather, random.Next(3))
                .Select(row => string.Format(row, random.GetItems(s_services, 1)[0])).ToList();
            await CountFaultsAsync();
            await shop.SetFaultsAsync([.. weather, .. s_always], seed + round);
            await WaitAsync(TimeSpan.FromSeconds(1 + (random.NextDouble() * 3)), stop);
        }
    }

    private async Task CountFaultsAsync()
    {
        foreach (var fault in await shop.FaultsAsync())
            if (fault.Hit > 0) Count($"{fault.On}: {fault.Do}{(fault.When == "after" ? " after" : "")}", fault.Hit);
    }

    private void Count(string what, int times = 1) => _done.AddOrUpdate(what, times, (_, before) => before + times);

    private static Task WaitAsync(TimeSpan span, CancellationToken stop) =>
        Task.Delay(span, stop).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
}
