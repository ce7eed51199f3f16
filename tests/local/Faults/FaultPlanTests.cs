using DaprShop.Local.Faults;
using Microsoft.Extensions.Time.Testing;

namespace DaprShop.Local.Tests.Faults;

public sealed class FaultPlanTests
{
    private static readonly SidecarCall s_save = new("payment", FaultPoint.Write, "payment-store/payment/7", "payment-store/ledger/7");

    private readonly FakeTimeProvider _time = new();
    private readonly FaultPlan _plan;

    public FaultPlanTests() => _plan = new FaultPlan(_time);

    [Theory]
    [InlineData("payment", "payment-store/ledger/*", true)]
    [InlineData("pay*", "*", true)]
    [InlineData("payment", "payment-store/payment", false)]
    [InlineData("inventory", "*", false)]
    public async Task A_fault_is_about_calls_of_its_app_and_name(string app, string match, bool isHit)
    {
        Set($"app: {app}, on: write, match: '{match}', do: fail");
        Assert.Equal(isHit, await IsHit());
    }

    [Fact]
    public async Task The_moment_matters()
    {
        Set("app: payment, on: write, when: after, do: cut");
        Assert.False(await IsHit());
        await Assert.ThrowsAsync<ConnectionBroken>(() => _plan.MeetAsync(s_save, FaultMoment.After, default));
    }

    [Fact]
    public async Task The_nth_call_is_hit_and_no_other()
    {
        Set("app: payment, on: write, do: fail, skip: 2, times: 1");
        Assert.Equal([false, false, true, false], await Hits(4));
        Assert.Equal((3, 1), (_plan.Report()[0].Seen, _plan.Report()[0].Hit));
    }

    [Fact]
    public async Task Chances_are_the_same_for_the_same_seed()
    {
        Set("app: payment, on: write, do: fail, chance: 0.5", seed: 1);
        var first = await Hits(64);
        Set("app: payment, on: write, do: fail, chance: 0.5", seed: 1);
        Assert.Equal(first, await Hits(64));
        Assert.InRange(first.Count(hit => hit), 16, 48);
        Set("app: payment, on: write, do: fail, chance: 0.5", seed: 2);
        Assert.NotEqual(first, await Hits(64));
    }

    [Fact]
    public async Task A_fault_has_its_time()
    {
        Set("app: payment, on: write, do: fail, from: 10s, until: 20s");
        Assert.False(await IsHit());
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.True(await IsHit());
        _time.Advance(TimeSpan.FromSeconds(11));
        Assert.False(await IsHit());
    }

    [Fact]
    public async Task A_kill_names_whose_process_dies_and_happens_once()
    {
        var killed = new List<string>();
        _plan.KillWanted += killed.Add;
        Set("app: payment, on: write, do: kill", "app: payment, on: write, do: kill, target: ordering");
        await Assert.ThrowsAsync<ConnectionBroken>(IsHit);
        await Assert.ThrowsAsync<ConnectionBroken>(IsHit);
        Assert.False(await IsHit());
        Assert.Equal(["payment", "ordering"], killed);
    }

    [Fact]
    public async Task A_delay_ends_by_itself_and_a_silence_when_the_faults_are_lifted()
    {
        Set("app: payment, on: write, do: delay, for: 3s, times: 1", "app: payment, on: write, do: mute");
        var late = IsHit();
        var silent = IsHit();
        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.False(await late);
        Assert.False(silent.IsCompleted);
        _plan.Set(FaultFile.Empty);
        await Assert.ThrowsAsync<ConnectionBroken>(() => silent);
    }

    [Fact]
    public async Task Who_gives_up_waiting_is_let_go()
    {
        Set("app: payment, on: write, do: mute");
        using var caller = new CancellationTokenSource();
        var silent = _plan.MeetAsync(s_save, FaultMoment.Before, caller.Token);
        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => silent);
    }

    private void Set(string row, string? other = null, int seed = 0) => _plan.Set(FaultFile.Parse(
        $$"""{ seed: {{seed}}, faults: [{ {{row}} }{{(other is null ? "" : $", {{ {other} }}")}}] }""", "test"));

    private async Task<bool> IsHit() => await _plan.MeetAsync(s_save, FaultMoment.Before, default) is not null;

    private async Task<List<bool>> Hits(int calls)
    {
        var hits = new List<bool>();
        while (hits.Count < calls) hits.Add(await IsHit());
        return hits;
    }
}
