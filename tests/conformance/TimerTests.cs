using DaprShop.Conformance.Tests.Sidecars;

namespace DaprShop.Conformance.Tests;

/// <summary>Timers of actors over HTTP: https://docs.dapr.io/reference/api/actors_api/#create-actor-timer</summary>
public sealed class TimerTests(TestWorld world) : ScheduleTests(world, "timers", "timer")
{
    protected override string Members => "callback,data,dueTime,period";

    [Theory]
    [InlineData("{\"dueTime\":\"0s\",\"period\":\"1s\"}")]
    [InlineData("{\"dueTime\":\"50ms\",\"period\":\"700ms\"}")]
    [InlineData("{\"period\":\"PT1S\"}")]
    public Task A_timer_with_a_period_fires_again_and_again(string body) => FiresAgainAndAgainAsync(body);

    [Theory]
    [InlineData("{\"dueTime\":\"0s\",\"period\":\"R2/PT1S\"}", 2)]
    [InlineData("{\"dueTime\":\"100ms\",\"period\":\"300ms\",\"ttl\":\"900ms\"}", 3)]
    public Task A_timer_may_be_limited(string body, int times) => FiresAsync(body, times);
}
