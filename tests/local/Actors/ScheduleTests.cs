using CsCheck;
using DaprShop.Local.Actors;
using DaprShop.Local.Errors;
using DaprShop.Local.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace DaprShop.Local.Tests.Actors;

/// <summary>When things are due, without any app.</summary>
public sealed class ScheduleTests
{
    private static readonly DateTimeOffset s_now = DateTimeOffset.Parse("2030-01-31T00:00:00Z");

    [Theory]
    [InlineData("90s", 0, 0, 90, null)]
    [InlineData("0h1m0s500ms", 0, 0, 60.5, null)]
    [InlineData("PT1H30M", 0, 0, 5400, null)]
    [InlineData("P1Y2M1W3DT4S", 14, 10, 4, null)]
    [InlineData("R3/PT5S", 0, 0, 5, 3)]
    [InlineData("R0/PT5S", 0, 0, 5, 0)]
    [InlineData("R7", 0, 0, 0, 7)]
    [InlineData("R2/P1DT", 0, 1, 0, 2)]
    public void Periods(string text, int months, int days, double seconds, int? repetitions) =>
        Assert.Equal(new Period(months, days, TimeSpan.FromSeconds(seconds), repetitions), Period.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("soon")]
    [InlineData("R/PT1S")]
    [InlineData("P1H")]
    [InlineData("PT1.5S")]
    [InlineData("P99999999999D")]
    [InlineData("PT999999999H")]
    public void Not_periods(string text) => Assert.Null(Period.Parse(text));

    [Theory]
    [InlineData("10s", "2030-01-31T00:00:10Z")]
    [InlineData("P1M", "2030-02-28T00:00:00Z")]
    [InlineData("2031-05-06T07:08:09+01:00", "2031-05-06T06:08:09Z")]
    [InlineData("R2/PT1S", null)]
    [InlineData("tomorrow", null)]
    [InlineData("P9999Y", null)]
    public void Points_in_time(string text, string? expected) =>
        Assert.Equal(expected is null ? null : DateTimeOffset.Parse(expected), Period.PointInTime(text, s_now));

    [Theory]
    [InlineData(null, "10s", null, 10)]
    [InlineData("0h0m0s0ms", "10s", null, 0)]
    [InlineData("5s", "", null, 5)]
    [InlineData("5s", "10s", "1m", 5)]
    public void A_reminder_fires_first_when_due_or_else_after_a_period(string? dueTime, string? period, string? ttl, double seconds) =>
        Assert.Equal(s_now.AddSeconds(seconds), Registered(dueTime, period, ttl).DueAt);

    [Theory]
    [InlineData(null, null, null)]
    [InlineData("5s", null, "1m")]
    [InlineData("2m", "5s", "2030-01-30T00:00:00Z")]
    [InlineData("5s", "PT1S5", null)]
    [InlineData("5s", "-1s", null)]
    [InlineData("R2/PT1S", null, null)]
    public void Reminders_that_are_refused(string? dueTime, string? period, string? ttl) =>
        Assert.Equal("ERR_ACTOR_REMINDER_CREATE", Assert.Throws<DaprError>(() => Registered(dueTime, period, ttl)).Code);

    [Fact]
    public void A_reminder_fires_no_more_often_than_it_repeats_whatever_happens() => Gen.Select(
        Gen.Int[1, 5], Gen.Bool.Array[40], Gen.Int[0, 30].Array[40]).Sample((repeats, successes, delays) =>
    {
        var reminder = Registered("1s", $"R{repeats}/PT10S", null);
        var now = s_now;
        var ticks = new HashSet<DateTimeOffset>();
        var going = true;
        for (var i = 0; going && i < successes.Length; i++)
        {
            now = (reminder.DueAt > now ? reminder.DueAt : now).AddSeconds(delays[i]);
            ticks.Add(reminder.ScheduledAt);
            going = successes[i] ? reminder.Succeed(now) : reminder.Fail(now);
            if (going && reminder.Attempts == 0 && reminder.ScheduledAt < now) return false;
        }
        return !going && ticks.Count == repeats && ticks.All(tick => (tick - s_now).TotalSeconds % 10 == 1);
    });

    [Fact]
    public void A_reminder_does_not_fire_after_its_time_to_live()
    {
        var reminder = Registered("0s", "10s", "25s");
        Assert.True(reminder.Succeed(s_now));
        Assert.True(reminder.Succeed(s_now.AddSeconds(10)));
        Assert.False(reminder.Succeed(s_now.AddSeconds(20)));
    }

    [Fact]
    public async Task What_is_saved_is_there_when_the_process_is_killed_and_what_is_deleted_is_not()
    {
        var directory = Directory.CreateTempSubdirectory("daprshop-scheduler-").FullName;
        var kept = Registered("1h", "5s", null, "kept");
        var deleted = Registered("1h", null, null, "deleted");
        await using (var store = new ReminderStore(new DataDirectory(directory)))
        {
            kept.Count = 2;
            await store.SaveAsync(kept);
            await store.SaveAsync(deleted);
            await store.DeleteAsync(deleted.Slot);

            await using var afterwards = new ReminderStore(new DataDirectory(directory)); // while the first has not closed anything
            var found = Assert.Single(afterwards.TakeSaved());
            Assert.Equal(
                (kept.Key, kept.Registration, kept.DueAt, kept.ScheduledAt, 2),
                (found.Key, found.Registration, found.DueAt, found.ScheduledAt, found.Count));
        }
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task A_registration_that_is_replaced_before_its_turn_is_on_disk_when_it_is_answered()
    {
        var directory = Directory.CreateTempSubdirectory("daprshop-scheduler-").FullName;
        var first = Registered("1h", null, null);
        first.Slot.Current = new Reminder(first.Slot, first.Registration) { ScheduledAt = first.ScheduledAt };
        await using (var store = new ReminderStore(new DataDirectory(directory)))
        {
            await store.SaveAsync(first);
            await using var afterwards = new ReminderStore(new DataDirectory(directory)); // the next run, after a crash
            Assert.Single(afterwards.Saved);
        }
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task Turns_come_in_the_order_they_were_asked_for_and_who_gives_up_is_passed_over()
    {
        var time = new FakeTimeProvider();
        using var idle = new IdleActors(TimeSpan.FromMinutes(1), time, _ => { });
        var actor = new ActiveActor(new ActorRef("A", "1"), new ActorType("A", TimeSpan.FromMinutes(1), TimeSpan.Zero, false, 32), idle);
        Assert.True(await actor.EnterAsync(null, CancellationToken.None));
        using var impatient = new CancellationTokenSource();
        var second = actor.EnterAsync(null, impatient.Token).AsTask();
        var third = actor.EnterAsync(null, CancellationToken.None).AsTask();
        var fourth = actor.EnterAsync(null, CancellationToken.None).AsTask();
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        actor.Leave();
        Assert.True(await third);
        Assert.False(fourth.IsCompleted);
        actor.Close();
        Assert.False(await fourth);
        Assert.False(await actor.EnterAsync(null, CancellationToken.None));
    }

    private static Reminder Registered(string? dueTime, string? period, string? ttl, string name = "r")
    {
        var body = new ScheduleBody { DueTime = dueTime, Period = period, Ttl = ttl };
        var (registration, due) = ReminderRegistration.Create(body, data: null, s_now);
        var slot = new ReminderSlot(new ReminderKey("app", new ActorRef("A", "1"), name));
        return new Reminder(slot, registration) { ScheduledAt = due, DueAt = due };
    }
}
