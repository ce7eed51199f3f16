using System.Text.Json;
using DaprShop.Conformance.Tests.Sidecars;

namespace DaprShop.Conformance.Tests;

/// <summary>Timers of actors over HTTP: https://docs.dapr.io/reference/api/actors_api/#create-actor-timer</summary>
public sealed class TimerTests(TestWorld world)
{
    private readonly string _id = Guid.NewGuid().ToString("N");

    [Fact]
    public async Task A_schedule_fires_once_when_it_has_no_period()
    {
        await ScheduleAsync("once", """{"dueTime":"100ms","data":"words"}""");
        var heard = (await FiredAsync("once"))[0];
        Assert.Equal("PUT", heard.Method);
        var body = JsonDocument.Parse(heard.Body).RootElement;
        Assert.Equal("words", body.GetProperty("data").GetString());
        await Task.Delay(1200);
        Assert.Single(await FiredAsync("once"));
    }

    [Theory]
    [InlineData("{\"dueTime\":\"0s\",\"period\":\"1s\"}")]
    [InlineData("{\"dueTime\":\"50ms\",\"period\":\"300ms\"}")]
    [InlineData("{\"period\":\"PT1S\"}")]
    public async Task A_schedule_with_a_period_fires_again_and_again(string body)
    {
        await ScheduleAsync("often", body);
        await FiredAsync("often", 3);
        await CancelAsync("often");
        var fired = (await FiredAsync("often")).Count;
        await Task.Delay(1500);
        Assert.InRange((await FiredAsync("often")).Count, fired, fired + 1);
    }

    [Theory]
    [InlineData("{\"dueTime\":\"0s\",\"period\":\"R2/PT1S\"}", 2)]
    [InlineData("{\"dueTime\":\"100ms\",\"period\":\"300ms\",\"ttl\":\"900ms\"}", 3)]
    public async Task A_schedule_may_be_limited(string body, int times)
    {
        await ScheduleAsync("limited", body);
        await FiredAsync("limited", times);
        await Task.Delay(1600);
        Assert.Equal(times, (await FiredAsync("limited")).Count);
    }

    [Theory]
    [InlineData("callback,data,dueTime,period")]
    public async Task What_fires_tells_its_schedule(string members)
    {
        await ScheduleAsync("told", """{"dueTime":"0s","period":"1h","data":"d"}""");
        var body = JsonDocument.Parse((await FiredAsync("told"))[0].Body).RootElement;
        Assert.Equal(members, string.Join(',', body.EnumerateObject().Select(member => member.Name).Order(StringComparer.Ordinal)));
        await CancelAsync("told");
    }

    private async Task ScheduleAsync(string name, string body)
    {
        await world.CallAsync("actors", "POST", $"/v1.0/actors/thing/{_id}/method/echo", "1");
        var answer = await world.CallAsync("actors", "POST", $"/v1.0/actors/thing/{_id}/timers/{name}", body);
        Assert.Equal((204, ""), (answer.Status, answer.Body));
    }

    private Task<Answer> CancelAsync(string name) =>
        world.CallAsync("actors", "DELETE", $"/v1.0/actors/thing/{_id}/timers/{name}");

    private Task<IReadOnlyList<Heard>> FiredAsync(string name, int count = 1) =>
        world["actors"].HeardAsync(heard => heard.Path == $"/actors/thing/{_id}/method/timer/{name}", count);

}
