using System.Text.Json;
using DaprShop.Conformance.Tests.Sidecars;

namespace DaprShop.Conformance.Tests;

/// <summary>Reminders of actors over HTTP: https://docs.dapr.io/reference/api/actors_api/#create-actor-reminder</summary>
public sealed class ReminderTests(TestWorld world) : ScheduleTests(world, "reminders", "remind")
{
    private readonly TestWorld _world = world;

    protected override string Members => "data,dueTime,period";

    [Theory]
    [InlineData("{\"dueTime\":\"0s\",\"period\":\"1s\"}")]
    [InlineData("{\"dueTime\":\"0s\",\"period\":\"PT1S\"}")]
    [InlineData("{\"dueTime\":\"0h0m0s0ms\",\"period\":\"0h0m1s0ms\"}")]
    public Task A_reminder_with_a_period_fires_again_and_again(string body) => FiresAgainAndAgainAsync(body);

    [Theory]
    [InlineData("{\"dueTime\":\"0s\",\"period\":\"R2/PT1S\"}", 2)]
    public Task A_reminder_may_be_limited(string body, int times) => FiresAsync(body, times);

    [Fact]
    public async Task A_reminder_can_be_asked_for()
    {
        await ScheduleAsync("far", """{"dueTime":"1h","period":"2h","data":{"a":1}}""");
        var got = await _world.CallAsync("actors", "GET", PathOf("far"));
        Assert.Equal(200, got.Status);
        Assert.Equal("@every 2h0m0s", got.Json.GetProperty("period").GetString());
        Assert.Equal("""{"a":1}""", got.Json.GetProperty("data").GetRawText());
        await CancelAsync("far");
        Assert.Equal(404, (await _world.CallAsync("actors", "GET", PathOf("far"))).Status);
    }

    [Fact]
    public async Task A_reminder_set_again_replaces_the_former()
    {
        await ScheduleAsync("changed", """{"dueTime":"1h","data":"old"}""");
        await ScheduleAsync("changed", """{"dueTime":"0s","data":"new"}""");
        var heard = (await FiredAsync("changed"))[0];
        Assert.Equal("new", JsonDocument.Parse(heard.Body).RootElement.GetProperty("data").GetString());
    }
}
