using System.Net;
using System.Text;
using Dapr.Actors;
using DaprShop.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace DaprShop.Local.Tests.Actors;

/// <summary>Everything about actors that takes time, by a clock of the test's own.</summary>
public sealed class ReminderTests : IAsyncLifetime
{
    private static readonly DateTimeOffset s_start = DateTimeOffset.Parse("2030-01-01T00:00:00Z");

    private readonly Probe _probe = new();
    private readonly FakeTimeProvider _clock = new(s_start);
    private readonly string _data = Directory.CreateTempSubdirectory("daprshop-actors-").FullName;
    private ShopHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await CounterApp.StartAsync(_probe, _clock, _data);

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        Directory.Delete(_data, recursive: true);
    }

    [Fact]
    public async Task Reminders_fire_when_due_and_then_with_their_period()
    {
        await Counter("1").RemindAsync(new Schedule("tea", 60, 10, "earl grey"));
        _clock.Advance(TimeSpan.FromSeconds(59));
        Assert.Empty(_probe.Events);
        await PassTimeUntilAsync("reminder 1 tea earl grey", 1);
        await PassTimeUntilAsync("reminder 1 tea earl grey", 3);
        Assert.True(_clock.GetUtcNow() >= s_start.AddSeconds(80));
    }

    [Fact]
    public async Task A_reminder_survives_the_runtime_and_fires_once_for_all_it_has_missed()
    {
        await Counter("1").RemindAsync(new Schedule("tea", 60, 10, ""));
        await _host.DisposeAsync();
        _clock.Advance(TimeSpan.FromSeconds(3605));
        _host = await CounterApp.StartAsync(_probe, _clock, _data);
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        await _probe.HappenedAsync("reminder 1 tea ");
        await Counter("1").GetAsync(); // a turn of its own, after the reminder's
        Assert.Single(_probe.Events, "reminder 1 tea ");
        await PassTimeUntilAsync("reminder 1 tea ", 2);
    }

    [Fact]
    public async Task A_periodic_reminder_whose_callback_fails_goes_on()
    {
        _probe.RemindersFail = true;
        await Counter("1").RemindAsync(new Schedule("tea", 0, 60, ""));
        await PassTimeUntilAsync("reminder 1 tea ", 9);
        Assert.True(_clock.GetUtcNow() >= s_start.AddSeconds(120));
    }

    [Fact]
    public async Task A_reminder_that_fires_once_is_tried_three_times_more_and_dropped()
    {
        _probe.RemindersFail = true;
        await Counter("1").RemindAsync(new Schedule("tea", 1, -1, ""));
        await PassTimeUntilAsync("reminder 1 tea ", 4);
        await DroppedAsync("1", "tea");
        Assert.Equal(4, _probe.CountOf("reminder 1 tea "));
    }

    [Fact]
    public async Task A_failure_policy_of_its_own_is_honoured()
    {
        _probe.RemindersFail = true;
        using var http = _host.DaprHttp("counters");
        await http.PostAsync("v1.0/actors/Counter/1/reminders/tea", new StringContent(
            """{"dueTime":"1s","failurePolicy":{"drop":{}}}""", Encoding.UTF8, "application/json"));
        _clock.Advance(TimeSpan.FromSeconds(1));
        await DroppedAsync("1", "tea");
        Assert.Single(_probe.Events);
    }

    [Fact]
    public async Task Unregistered_reminders_do_not_fire_even_from_within_their_callback()
    {
        await Counter("1").RemindAsync(new Schedule("tea", 1, 1, ""));
        await Counter("1").ForgetAsync("tea");
        await Counter("2").RemindAsync(new Schedule("once-then-never", 1, 1, ""));
        _clock.Advance(TimeSpan.FromSeconds(1));
        await _probe.HappenedAsync("reminder 2 once-then-never ");
        await DroppedAsync("2", "once-then-never");
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(HttpStatusCode.NotFound, await ReminderStatusAsync("1", "tea"));
        Assert.Equal(HttpStatusCode.NotFound, await ReminderStatusAsync("2", "once-then-never"));
        Assert.Single(_probe.Events);

        await _host.DisposeAsync();
        _host = await CounterApp.StartAsync(_probe, _clock, _data);
        Assert.Equal(HttpStatusCode.NotFound, await ReminderStatusAsync("2", "once-then-never"));
    }

    [Fact]
    public async Task Reminders_wait_for_an_app_that_is_away()
    {
        await Counter("1").RemindAsync(new Schedule("tea", 10, -1, ""));
        await _host.StopAppAsync("counters");
        _clock.Advance(TimeSpan.FromSeconds(30));
        await _host.StartAppAsync("counters");
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        await _probe.HappenedAsync("reminder 1 tea ");
    }

    [Fact]
    public async Task A_reminder_that_does_not_get_through_to_its_app_comes_again()
    {
        var calls = 0;
        await using var shop = await ShopHost.StartAsync(shop => shop
            .Resources(CounterApp.Components)
            .Runtime(services => services.AddSingleton<TimeProvider>(_clock))
            .Fake("things", app =>
            {
                app.MapGet("/dapr/config", () => Results.Text("""{"entities":["Thing"]}""", "application/json"));
                app.MapPut("/actors/{**callback}", (HttpContext context) =>
                {
                    if (Interlocked.Increment(ref calls) <= 5) context.Abort();
                });
            }));
        using var schedule = new StringContent("""{"dueTime":"1s"}""", Encoding.UTF8, "application/json");
        (await shop.DaprHttp("things").PostAsync("v1.0/actors/Thing/1/reminders/tea", schedule)).EnsureSuccessStatusCode();
        await ShopHost.EventuallyAsync(async () =>
        {
            using var answer = await shop.DaprHttp("things").GetAsync("v1.0/actors/Thing/1/reminders/tea");
            if (answer.StatusCode == HttpStatusCode.NotFound) return true;
            _clock.Advance(TimeSpan.FromSeconds(1));
            return false;
        }, "the reminder to get through");
        Assert.Equal(6, calls);
    }

    [Fact]
    public async Task An_app_that_hangs_keeps_no_reminder_from_another()
    {
        var (stuck, end, heard) = (0, new TaskCompletionSource(), new TaskCompletionSource());
        await using var shop = await ShopHost.StartAsync(shop => shop
            .Resources(CounterApp.Components)
            .Fake("hanging", app =>
            {
                app.MapGet("/dapr/config", () => Results.Text("""{"entities":["Stone"]}""", "application/json"));
                app.MapPut("/actors/{**callback}", () =>
                {
                    Interlocked.Increment(ref stuck);
                    return end.Task;
                });
            })
            .Fake("well", app =>
            {
                app.MapGet("/dapr/config", () => Results.Text("""{"entities":["Thing"]}""", "application/json"));
                app.MapPut("/actors/{**callback}", () => heard.TrySetResult());
            }));
        try
        {
            await Task.WhenAll(Enumerable.Range(0, 200).Select(id => RemindAsync("hanging", $"Stone/{id}")));
            await ShopHost.EventuallyAsync(() => Task.FromResult(Volatile.Read(ref stuck) >= 128), "the app to hang");
            await RemindAsync("well", "Thing/1");
            await heard.Task.WaitAsync(TimeSpan.FromMinutes(1));
        }
        finally
        {
            end.SetResult();
        }

        async Task RemindAsync(string app, string actor)
        {
            using var schedule = new StringContent("""{"dueTime":"0s"}""", Encoding.UTF8, "application/json");
            using var answer = await shop.DaprHttp(app).PostAsync($"v1.0/actors/{actor}/reminders/tea", schedule);
            answer.EnsureSuccessStatusCode();
        }
    }

    [Fact]
    public async Task Timers_fire_with_their_period_until_they_are_stopped()
    {
        await Counter("1").StartTimerAsync(new Schedule("t", 5, 10, "tock"));
        await PassTimeUntilAsync("tick 1 tock", 2);
        Assert.True(_clock.GetUtcNow() >= s_start.AddSeconds(15));
        await Counter("1").StopTimerAsync("t");
        var ticks = _probe.CountOf("tick 1 tock");
        _clock.Advance(TimeSpan.FromMinutes(5));
        await Counter("1").GetAsync();
        Assert.Equal(ticks, _probe.CountOf("tick 1 tock"));
    }

    [Fact]
    public async Task An_idle_actor_is_deactivated_and_comes_back_with_its_state()
    {
        var counter = Counter("1");
        await counter.AddAsync(3);
        _clock.Advance(CounterApp.IdleTimeout - TimeSpan.FromSeconds(1));
        await counter.AddAsync(1);
        _clock.Advance(CounterApp.IdleTimeout - TimeSpan.FromSeconds(1));
        Assert.Empty(_probe.Events);
        _clock.Advance(TimeSpan.FromSeconds(1));
        await _probe.HappenedAsync("deactivated 1");
        Assert.Equal(4, await counter.GetAsync());
    }

    [Fact]
    public async Task A_type_that_nobody_hosts_is_looked_for_five_times_more_and_then_an_error()
    {
        using var http = _host.DaprHttp("counters");
        var call = http.PutAsync("v1.0/actors/Nobody/1/method/m", null);
        while (!call.IsCompleted)
        {
            _clock.Advance(TimeSpan.FromMilliseconds(200));
            await Task.WhenAny(call, Task.Delay(2));
        }
        var response = await call;
        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Contains("did not find address for actor 'Nobody||1'", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private ICounter Counter(string id) => ActorTests.Shop.ProxiesOf(_host).CreateActorProxy<ICounter>(new ActorId(id), "Counter");

    /// <summary>Second after second passes until something has happened so often.</summary>
    private Task PassTimeUntilAsync(string what, int times) => ShopHost.EventuallyAsync(async () =>
    {
        if (_probe.CountOf(what) >= times) return true;
        _clock.Advance(TimeSpan.FromSeconds(1));
        await Task.Delay(10);
        return false;
    }, $"{times} × {what}");

    private Task DroppedAsync(string id, string name) => ShopHost.EventuallyAsync(
        async () => await ReminderStatusAsync(id, name) == HttpStatusCode.NotFound, "the reminder to be dropped");

    private async Task<HttpStatusCode> ReminderStatusAsync(string id, string name)
    {
        using var http = _host.DaprHttp("counters");
        using var response = await http.GetAsync($"v1.0/actors/Counter/{id}/reminders/{name}");
        return response.StatusCode;
    }
}
