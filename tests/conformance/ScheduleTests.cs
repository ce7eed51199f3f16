using System.Text.Json;
using DaprShop.Conformance.Tests.Sidecars;

namespace DaprShop.Conformance.Tests;

/// <summary>What timers and reminders of actors have in common over HTTP.</summary>
/// <param name="world">The sidecar under test, and the apps beside it.</param>
/// <param name="resource">Of the sidecar's API, e.g. <c>reminders</c>.</param>
/// <param name="callback">What the app is called by, e.g. <c>remind</c>.</param>
public abstract class ScheduleTests(TestWorld world, string resource, string callback)
{
    private readonly string _id = Guid.NewGuid().ToString("N");

    /// <summary>The members of the body when one fires.</summary>
    protected abstract string Members { get; }

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

    [Fact]
    public async Task What_fires_tells_its_schedule()
    {
        await ScheduleAsync("told", """{"dueTime":"0s","period":"1h","data":"d"}""");
        var body = JsonDocument.Parse((await FiredAsync("told"))[0].Body).RootElement;
        Assert.Equal(Members, string.Join(',', body.EnumerateObject().Select(member => member.Name).Order(StringComparer.Ordinal)));
        await CancelAsync("told");
    }

    protected async Task FiresAgainAndAgainAsync(string body)
    {
        await ScheduleAsync("often", body);
        await FiredAsync("often", 3);
        // Between two times: of a timer that fires just now daprd forgets the cancellation, and it goes on for ever.
        await Task.Delay(200);
        await CancelAsync("often");
        var fired = (await FiredAsync("often")).Count;
        await Task.Delay(1500);
        Assert.InRange((await FiredAsync("often")).Count, fired, fired + 1);
    }

    protected async Task FiresAsync(string body, int times)
    {
        await ScheduleAsync("limited", body);
        await FiredAsync("limited", times);
        await Task.Delay(1600);
        Assert.Equal(times, (await FiredAsync("limited")).Count);
    }

    protected async Task ScheduleAsync(string name, string body)
    {
        await world.CallAsync("actors", "POST", $"/v1.0/actors/thing/{_id}/method/echo", "1");
        var answer = await world.CallAsync("actors", "POST", PathOf(name), body);
        Assert.Equal((204, ""), (answer.Status, answer.Body));
    }

    protected Task<Answer> CancelAsync(string name) => world.CallAsync("actors", "DELETE", PathOf(name));

    protected Task<IReadOnlyList<Heard>> FiredAsync(string name, int count = 1) =>
        world["actors"].HeardAsync(heard => heard.Path == $"/actors/thing/{_id}/method/{callback}/{name}", count);

    protected string PathOf(string name) => $"/v1.0/actors/thing/{_id}/{resource}/{name}";
}
