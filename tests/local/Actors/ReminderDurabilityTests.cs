using DaprShop.Local.Actors;
using DaprShop.Local.Errors;
using DaprShop.Local.Hosting;
using DaprShop.Local.Storage;
using DaprShop.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace DaprShop.Local.Tests.Actors;

/// <summary>Reminders are on disk as they are in memory, whoever comes together, whatever fails.</summary>
public sealed class ReminderDurabilityTests(ReminderDurabilityTests.Shop shop) : IClassFixture<ReminderDurabilityTests.Shop>
{
    private readonly string _test = Guid.NewGuid().ToString();

    [Fact]
    public async Task Registering_and_unregistering_at_the_same_time_end_alike_in_memory_and_on_disk()
    {
        const int actors = 20_000;
        await Task.WhenAll(Enumerable.Range(0, actors).Select(RegisterAsync));
        var at = new int[2];
        var writes = new Task[2, actors];
        await Task.WhenAll(
            Task.Factory.StartNew(() => Race(0, UnregisterAsync), TaskCreationOptions.LongRunning),
            Task.Factory.StartNew(() => Race(1, RegisterAsync), TaskCreationOptions.LongRunning));
        await Task.WhenAll(writes.Cast<Task>());

        var onDisk = shop.OnDisk(_test);
        for (var actor = 0; actor < actors; actor++) Assert.Equal(await IsThereAsync(actor), onDisk.Contains(IdOf(actor)));

        // Both come to the same actor within a moment, now the one first, now the other.
        void Race(int me, Func<int, Task> write)
        {
            var random = new Random(me);
            for (var actor = 0; actor < actors; actor++)
            {
                Volatile.Write(ref at[me], actor);
                while (Volatile.Read(ref at[1 - me]) < actor) Thread.Yield();
                Thread.SpinWait(random.Next(10));
                writes[me, actor] = write(actor);
            }
        }
    }

    [Fact]
    public async Task What_could_not_be_unregistered_is_still_there_and_can_be_unregistered_later()
    {
        await RegisterAsync(1);
        await shop.WithoutDiskAsync(() => Assert.ThrowsAsync<DaprError>(() => UnregisterAsync(1)));
        Assert.True(await IsThereAsync(1));
        await UnregisterAsync(1);
        Assert.False(await IsThereAsync(1));
        Assert.Empty(shop.OnDisk(_test));
    }

    [Fact]
    public async Task What_could_not_be_replaced_is_still_as_it_was()
    {
        await RegisterAsync(1);
        await shop.WithoutDiskAsync(() => Assert.ThrowsAsync<DaprError>(() => RegisterAsync(1, "2h")));
        Assert.Equal("1h", (await GetAsync(1)).DueTime);
        Assert.Single(shop.OnDisk(_test));
    }

    [Fact]
    public async Task What_could_not_be_registered_is_not_there()
    {
        await shop.WithoutDiskAsync(() => Assert.ThrowsAsync<DaprError>(() => RegisterAsync(1)));
        Assert.False(await IsThereAsync(1));
        await RegisterAsync(1);
        Assert.Single(shop.OnDisk(_test));
    }

    [Fact]
    public async Task When_several_at_once_fail_what_is_on_disk_remains()
    {
        await RegisterAsync(1);
        await shop.WithoutDiskAsync(async () =>
        {
            Task[] writes = [RegisterAsync(1, "2h"), UnregisterAsync(1), UnregisterAsync(1), RegisterAsync(1, "3h"), UnregisterAsync(1)];
            foreach (var write in writes) await Assert.ThrowsAsync<DaprError>(() => write);
        });
        Assert.Equal("1h", (await GetAsync(1)).DueTime);
        await UnregisterAsync(1);
        Assert.Empty(shop.OnDisk(_test));
    }

    private string IdOf(int actor) => $"{_test}-{actor}";

    private Task RegisterAsync(int actor) => RegisterAsync(actor, "1h");

    private Task RegisterAsync(int actor, string dueTime) => shop.Reminders.RegisterAsync(
        shop.Sidecar, ActorOf(actor), "tea", new ScheduleBody { DueTime = dueTime }, null, CancellationToken.None);

    private Task UnregisterAsync(int actor) =>
        shop.Reminders.UnregisterAsync(shop.Sidecar, ActorOf(actor), "tea", CancellationToken.None);

    private Task<ReminderRegistration> GetAsync(int actor) =>
        shop.Reminders.GetAsync(shop.Sidecar, ActorOf(actor), "tea", CancellationToken.None);

    private async Task<bool> IsThereAsync(int actor)
    {
        try
        {
            await GetAsync(actor);
            return true;
        }
        catch (DaprError none) when (none.Status == StatusCodes.Status404NotFound)
        {
            return false;
        }
    }

    private ActorRef ActorOf(int actor) => new("Thing", IdOf(actor));

    /// <summary>One shop for all the tests here, with an app that hosts actors and does nothing with them.</summary>
    public sealed class Shop : IAsyncLifetime
    {
        private ShopHost _host = null!;

        internal Reminders Reminders => _host.Runtime.GetRequiredService<Reminders>();

        internal Sidecar Sidecar => _host.Runtime.GetRequiredService<AppRegistry>().Sidecars.Single(sidecar => sidecar.AppId == "things");

        private string File => Path.Combine(_host.DataDirectory, "scheduler.db");

        public async ValueTask InitializeAsync() => _host = await ShopHost.StartAsync(shop => shop
            .Resources(CounterApp.Components)
            .Fake("things", app => app.MapGet("/dapr/config", () => Results.Text("""{"entities":["Thing"]}""", "application/json"))));

        public ValueTask DisposeAsync() => _host.DisposeAsync();

        /// <summary>The ids, of this test alone, of actors that a next run would find reminders of.</summary>
        internal HashSet<string> OnDisk(string test)
        {
            using var file = new SqliteDatabase(File, TimeSpan.FromMinutes(1), readOnly: true);
            var ids = new HashSet<string>(StringComparer.Ordinal);
            var rows = file.Prepare("SELECT id FROM reminders");
            while (rows.Step())
                if (rows.Text(0).StartsWith(test, StringComparison.Ordinal)) ids.Add(rows.Text(0));
            return ids;
        }

        /// <summary>Meanwhile no reminder can be written.</summary>
        internal async Task WithoutDiskAsync(Func<Task> meanwhile)
        {
            using var file = new SqliteDatabase(File, TimeSpan.FromMinutes(1));
            file.Execute("ALTER TABLE reminders RENAME TO away");
            try
            {
                await meanwhile();
            }
            finally
            {
                file.Execute("ALTER TABLE away RENAME TO reminders");
            }
        }
    }
}
