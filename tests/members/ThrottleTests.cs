using CsCheck;
using Microsoft.Extensions.Time.Testing;

namespace DaprShop.Members.Tests;

public sealed class ThrottleTests
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_few_failures_are_free_and_then_waits_double_up_to_a_minute()
    {
        var clock = new FakeTimeProvider(s_start);
        var throttle = AccountThrottle.None;
        var waits = new List<double>();
        for (var failure = 0; failure < 14; failure++)
        {
            var wait = throttle.Wait("home", clock.GetUtcNow());
            waits.Add(wait.TotalSeconds);
            clock.Advance(wait);
            Assert.Equal(TimeSpan.Zero, throttle.Wait("home", clock.GetUtcNow()));
            throttle = throttle.Attempt("home", clock.GetUtcNow());
        }
        Assert.Equal([0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60], waits);
    }

    [Fact]
    public void Quiet_forgets_and_success_forgives()
    {
        var tired = Enumerable.Range(0, 9).Aggregate(AccountThrottle.None, (throttle, _) => throttle.Attempt("home", s_start));
        Assert.True(tired.Wait("home", s_start) > TimeSpan.Zero);
        Assert.Equal(TimeSpan.Zero, tired.Wait("home", s_start + Failures.ForgottenAfter));
        Assert.Equal(1, tired.Attempt("home", s_start + Failures.ForgottenAfter).Strangers.Count);
        Assert.Equal(TimeSpan.Zero, tired.Succeed("home").Wait("home", s_start));
    }

    [Fact]
    public void An_attacker_far_away_does_not_slow_the_member_at_home()
    {
        var attacked = Enumerable.Range(0, 50).Aggregate(
            AccountThrottle.None.Succeed("home"), (throttle, at) => throttle.Attempt($"far away {at}", s_start));
        Assert.True(attacked.Wait("elsewhere", s_start) > TimeSpan.Zero);
        Assert.Equal(TimeSpan.Zero, attacked.Wait("home", s_start));
        var clumsy = Enumerable.Range(0, 6).Aggregate(attacked, (throttle, _) => throttle.Attempt("home", s_start));
        Assert.True(clumsy.Wait("home", s_start) > TimeSpan.Zero);
    }

    [Fact]
    public void Whatever_happens_the_wait_ends_within_a_minute_and_the_document_stays_small()
    {
        var step = Gen.Select(Gen.Int[0, 8], Gen.Bool, Gen.Int[0, 1200]);
        step.List[0, 200].Sample(steps =>
        {
            var now = s_start;
            var throttle = AccountThrottle.None;
            foreach (var (address, right, seconds) in steps)
            {
                now += TimeSpan.FromSeconds(seconds);
                throttle = throttle.Attempt($"{address}", now);
                if (right) throttle = throttle.Succeed($"{address}");
                Assert.InRange(throttle.Known.Count, 0, AccountThrottle.MaxKnown);
                Assert.Equal(throttle.Known.Count, throttle.Known.Select(known => known.Address).Distinct().Count());
                Assert.InRange(throttle.Wait($"{address}", now), TimeSpan.Zero, Failures.LongestWait);
                Assert.True(!right || throttle.Wait($"{address}", now) == TimeSpan.Zero);
            }
        });
    }

    [Fact]
    public void Many_people_may_share_an_address()
    {
        var throttle = AddressThrottle.None;
        for (var failure = 0; failure < AddressThrottle.FreeFailures; failure++)
        {
            Assert.Equal(TimeSpan.Zero, throttle.Wait(s_start));
            throttle = throttle.Attempt(s_start);
        }
        Assert.Equal(TimeSpan.FromSeconds(1), throttle.Wait(s_start));
    }

    [Fact]
    public void An_attempt_that_was_no_failure_leaves_no_trace_but_for_those_that_came_since()
    {
        var before = AddressThrottle.None.Attempt(s_start);
        var attempt = before.Attempt(s_start.AddSeconds(30));
        Assert.Equal(before, attempt.TakeBack(attempt, before));
        Assert.Equal(new Failures(2, s_start.AddSeconds(31)), attempt.Attempt(s_start.AddSeconds(31)).TakeBack(attempt, before).Failures);
        Assert.Equal(AddressThrottle.None, AddressThrottle.None.TakeBack(attempt, before));
    }
}
