using System.Text;
using DaprShop.Local.State;
using DaprShop.Local.Storage;
using Microsoft.Extensions.Time.Testing;

namespace DaprShop.Local.Tests.State;

public sealed class InMemoryStateStoreTests : StateStoreContract
{
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    protected override int Samples => 500;

    protected override IStateStore Open() => new InMemoryStateStore(_clock);

    protected override Task ElapseAsync(TimeSpan time)
    {
        _clock.Advance(time);
        return Task.CompletedTask;
    }

    protected override DateTimeOffset? ExpiryAfter(TimeSpan ttl) => _clock.GetUtcNow() + ttl;
}

public sealed class SqliteStateStoreTests : StateStoreContract, IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("state-").FullName;
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    protected override IStateStore Open() => OpenSqlite();

    protected override Task ElapseAsync(TimeSpan time)
    {
        _clock.Advance(time);
        return Task.CompletedTask;
    }

    protected override DateTimeOffset? ExpiryAfter(TimeSpan ttl) => _clock.GetUtcNow() + ttl;

    private SqliteStateStore OpenSqlite(string file = "test.db") => new(
        new SqliteStateOptions(Path.Combine(_directory, file), "state", TimeSpan.Zero, TimeSpan.FromMinutes(1)), _clock);

    [Fact]
    public async Task A_write_that_is_given_up_before_its_turn_is_not_made()
    {
        await using var store = OpenSqlite();
        using var impatient = new CancellationTokenSource();
        using (var other = new SqliteDatabase(Path.Combine(_directory, "test.db"), TimeSpan.FromMinutes(1)))
        {
            other.Execute("BEGIN IMMEDIATE");
            var write = store.WriteAsync(StateWrite.Set("given-up", "1"u8.ToArray()), impatient.Token);
            await impatient.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write);
        }

        await store.WriteAsync(StateWrite.Set("next", "2"u8.ToArray()));
        Assert.Null(await store.GetAsync("given-up"));
        Assert.Equal("2", await ReadAsync(store, "next"));
    }

    [Fact]
    public async Task A_file_taken_away_from_a_running_process_holds_every_acknowledged_write()
    {
        // The instant: right after the acknowledgement, without any closing. The copied files are what a killed process leaves behind.
        await using var store = OpenSqlite();
        await Task.WhenAll(Enumerable.Range(0, 200)
            .Select(i => store.WriteAsync(StateWrite.Set($"key-{i}", Encoding.UTF8.GetBytes($"{i}")))));
        await store.TransactAsync(
            [StateWrite.Set("a", "1"u8.ToArray()), StateWrite.Delete("key-0"), StateWrite.Set("b", "2"u8.ToArray())]);
        foreach (var end in new[] { "", "-wal" })
            File.Copy(Path.Combine(_directory, "test.db" + end), Path.Combine(_directory, "left.db" + end));

        await using var reopened = OpenSqlite("left.db");
        Assert.Null(await reopened.GetAsync("key-0"));
        for (var i = 1; i < 200; i++) Assert.Equal($"{i}", await ReadAsync(reopened, $"key-{i}"));
        Assert.Equal(["1", "2"], [await ReadAsync(reopened, "a"), await ReadAsync(reopened, "b")]);
    }

    [Fact]
    public async Task Closing_writes_what_was_accepted_and_refuses_what_comes_later()
    {
        var store = OpenSqlite();
        var accepted = Enumerable.Range(0, 100).Select(i => store.WriteAsync(StateWrite.Set($"{i}", "1"u8.ToArray()))).ToArray();
        await store.DisposeAsync();
        await Task.WhenAll(accepted);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => store.WriteAsync(StateWrite.Set("late", "1"u8.ToArray())));

        await using var reopened = OpenSqlite();
        Assert.All(await reopened.GetAsync([.. Enumerable.Range(0, 100).Select(i => $"{i}")]), Assert.NotNull);
    }
}
