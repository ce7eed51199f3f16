using DaprShop.Local.Resiliency;
using Microsoft.Extensions.Time.Testing;

namespace DaprShop.Local.Tests.Resiliency;

public sealed class OutboundPolicyTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task A_call_that_blocks_is_left_to_itself_when_its_time_is_over()
    {
        using var never = new ManualResetEventSlim();
        var policy = Policy("timeouts: { soon: 1s }", "timeout: soon");
        var call = policy.CallAsync((_, _) => Task.FromResult(never.Wait(TimeSpan.FromSeconds(30), CancellationToken.None)), 0, default);
        _time.Advance(TimeSpan.FromSeconds(1));
        var refused = await Assert.ThrowsAsync<CallRefused>(() => call);
        Assert.Equal("context deadline exceeded", refused.Message);
        never.Set();
    }

    [Fact]
    public async Task Each_try_has_the_time_for_itself()
    {
        var policy = Policy("timeouts: { soon: 1s }, retries: { once: { duration: 0s, maxRetries: 1 } }", "timeout: soon, retry: once");
        var tries = 0;
        var first = new TaskCompletionSource();
        var second = new TaskCompletionSource<int>();
        var call = policy.CallAsync(
            async (_, limited) =>
            {
                if (++tries == 2) return await second.Task;
                first.SetResult();
                await Task.Delay(Timeout.Infinite, limited);
                return 0;
            },
            0, default);
        await first.Task;
        _time.Advance(TimeSpan.FromSeconds(1));
        second.SetResult(42);
        Assert.Equal(42, await call);
    }

    [Fact]
    public async Task A_permanent_failure_is_thrown_as_it_is_not_tried_again_and_counts_for_the_breaker()
    {
        var policy = Policy(
            "retries: { ever: { duration: 0s } }, circuitBreakers: { b: { trip: totalFailures > 0 } }", "retry: ever, circuitBreaker: b");
        var tries = 0;
        var failure = await Assert.ThrowsAsync<InvalidDataException>(
            () => policy.CallAsync<int>((_, _) => throw new PermanentFailure(new InvalidDataException($"{++tries}")), 0, default));
        Assert.Equal("1", failure.Message);
        var refused = await Assert.ThrowsAsync<CallRefused>(() => policy.CallAsync((_, _) => Task.FromResult(1), 0, default));
        Assert.Equal("circuit breaker is open", refused.Message);
    }

    [Fact]
    public async Task A_half_open_breaker_lets_so_many_through()
    {
        var policy = Policy("circuitBreakers: { b: { trip: totalFailures > 0, timeout: 10s } }", "circuitBreaker: b");
        await Assert.ThrowsAsync<IOException>(() => policy.CallAsync<int>((_, _) => throw new IOException(), 0, default));
        _time.Advance(TimeSpan.FromSeconds(10));
        var probe = new TaskCompletionSource<int>();
        var first = policy.CallAsync((_, _) => probe.Task, 0, default);
        var refused = await Assert.ThrowsAsync<CallRefused>(() => policy.CallAsync((_, _) => Task.FromResult(1), 0, default));
        Assert.Equal("too many requests", refused.Message);
        probe.SetResult(1);
        Assert.Equal(1, await first);
        Assert.Equal(2, await policy.CallAsync((_, _) => Task.FromResult(2), 0, default));
    }

    [Fact]
    public async Task Who_goes_away_ends_the_tries()
    {
        var policy = Policy("retries: { ever: { duration: 1h } }", "retry: ever");
        using var gone = new CancellationTokenSource();
        var tried = new TaskCompletionSource();
        var call = policy.CallAsync<int>(
            (_, _) =>
            {
                tried.SetResult();
                throw new IOException();
            },
            0, gone.Token);
        await tried.Task;
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    [Fact]
    public async Task A_component_has_one_breaker_for_both_directions()
    {
        var policies = Policies(
            "circuitBreakers: { b: { trip: totalFailures > 0 } }",
            "components: { c: { inbound: { circuitBreaker: b }, outbound: { circuitBreaker: b } } }");
        var inbound = policies.Inbound("c", ComponentKind.Pubsub);
        await Assert.ThrowsAsync<IOException>(() => inbound.AttemptAsync<int, int>((_, _) => throw new IOException(), 0));
        await Assert.ThrowsAsync<CallRefused>(
            () => policies.Outbound("c", ComponentKind.Pubsub)!.CallAsync((_, _) => Task.FromResult(1), 0, default));
    }

    [Fact]
    public void Default_policies_go_by_kind_and_direction()
    {
        var policies = Policies(
            "timeouts: { DefaultStatestoreComponentOutboundTimeoutPolicy: 1s }", "components: { mine: { inbound: {} } }");
        Assert.NotNull(policies.Outbound("store", ComponentKind.Statestore));
        Assert.Null(policies.Outbound("vault", ComponentKind.Secretstore));
        Assert.Null(policies.Outbound("mine", ComponentKind.Statestore));
        Assert.Null(policies.Inbound("store", ComponentKind.Statestore).Attempt);
    }

    private OutboundPolicy Policy(string policies, string target) =>
        Policies(policies, $"components: {{ c: {{ outbound: {{ {target} }} }} }}").Outbound("c", ComponentKind.Statestore)!;

    private AppResiliency Policies(string policies, string targets) => new(
        [
            ResiliencySpec.Parse($$"""
                apiVersion: dapr.io/v1alpha1
                kind: Resiliency
                metadata: { name: r }
                spec: { policies: { {{policies}} }, targets: { {{targets}} } }
                """, "r.yaml"),
        ], _time);
}
