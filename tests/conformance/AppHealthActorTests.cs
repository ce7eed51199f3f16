using DaprShop.Conformance.Tests.Sidecars;

namespace DaprShop.Conformance.Tests;

/// <summary>What becomes of the actors of an app that says that it is unwell.</summary>
public sealed class AppHealthActorTests(AppHealthWard ward) : AppHealthTest(ward)
{
    [Fact]
    public async Task Timers_go_on_when_it_is_well()
    {
        var path = $"/v1.0/actors/patient/{Mark}/timers/t";
        Assert.Equal(204, (await World.CallAsync("patient", "POST", path, """{"dueTime":"1s","period":"1s"}""")).Status);
        await World["patient"].HeardAsync(IsTimer);
        await UnwellAsync();
        await Task.Delay(2500);
        await WellAsync();
        await World["patient"].HeardAsync(IsTimer, World["patient"].Log.Count(IsTimer) + 2);
        await World.CallAsync("patient", "DELETE", path);

        bool IsTimer(Heard heard) => heard.Path == $"/actors/patient/{Mark}/method/timer/t";
    }

    [Fact]
    public async Task Its_actors_are_nowhere_meanwhile()
    {
        var target = $"/v1.0/actors/patient/{Mark}/method/x";
        await TestWorld.EventuallyAsync(async () => (await World.CallAsync("asker", "POST", target)).Status == 200, "the actor");
        await UnwellAsync();
        var answer = await World.CallAsync("asker", "POST", target);
        Assert.Equal((500, "ERR_ACTOR_INVOKE_METHOD"), (answer.Status, answer.ErrorCode));
        Assert.Contains("did not find address for actor", answer.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(World["patient"].Log, heard => heard.Method == "DELETE");
        await WellAsync();
        await TestWorld.EventuallyAsync(async () => (await World.CallAsync("asker", "POST", target)).Status == 200, "the actor anew");
    }

    [Fact]
    public async Task Its_own_calls_of_actors_wait_until_it_is_well()
    {
        await UnwellAsync();
        var calls = new[]
        {
            World.CallAsync("patient", "POST", $"/v1.0/actors/patient/{Mark}/method/x"),
            World.CallAsync("patient", "PUT", $"/v1.0/actors/patient/{Mark}/reminders/r", """{"dueTime":"1h"}"""),
        };
        await Task.Delay(1000);
        Assert.All(calls, call => Assert.False(call.IsCompleted));
        await WellAsync();
        Assert.Equal([200, 204], (await Task.WhenAll(calls)).Select(answer => answer.Status));
        await World.CallAsync("patient", "DELETE", $"/v1.0/actors/patient/{Mark}/reminders/r");
    }

    [Fact]
    public async Task Reminders_wait_for_it()
    {
        // One that comes before its app is unwell, as on a slow machine, says nothing; then another, with more time.
        var due = 3;
        for (; ; due *= 3)
        {
            var path = $"/v1.0/actors/patient/{Mark}/reminders/r{due}";
            Assert.Equal(204, (await World.CallAsync("patient", "PUT", path, $$"""{"dueTime":"{{due}}s"}""")).Status);
            var set = TimeProvider.System.GetTimestamp();
            await UnwellAsync();
            if (TimeProvider.System.GetElapsedTime(set) < TimeSpan.FromSeconds(due)) break;
            await WellAsync();
        }

        await Task.Delay(TimeSpan.FromSeconds(due));
        Assert.DoesNotContain(World["patient"].Log, IsReminder);
        await WellAsync();
        await World["patient"].HeardAsync(IsReminder);

        bool IsReminder(Heard heard) => heard.Path == $"/actors/patient/{Mark}/method/remind/r{due}";
    }

    [Fact]
    public async Task Metadata_keep_its_subscriptions_and_forget_its_actors()
    {
        await UnwellAsync();
        var metadata = (await World.CallAsync("patient", "GET", "/v1.0/metadata")).Json;
        Assert.Contains("news", TopicsOf(metadata));
        var actors = metadata.GetProperty("actorRuntime");
        Assert.Equal(("INITIALIZING", false), (actors.GetProperty("runtimeStatus").GetString(), actors.GetProperty("hostReady").GetBoolean()));
        await WellAsync();
        await TestWorld.EventuallyAsync(async () => await ActorsAsync() == "RUNNING", "its actors");
    }
}
