using System.Text;
using CsCheck;
using DaprShop.Local.State;
using Microsoft.Extensions.Time.Testing;

namespace DaprShop.Local.Tests.State;

/// <summary>What every store must do, run against each of them.</summary>
public sealed class StateStoreTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("state-").FullName;
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    public static TheoryData<string> Stores => ["memory", "sqlite"];

    private IStateStore Open(string kind) => kind == "memory" ? new InMemoryStateStore(_clock) : OpenSqlite();

    private SqliteStateStore OpenSqlite(string file = "test.db") => new(
        new SqliteStateOptions(Path.Combine(_directory, file), "state", TimeSpan.Zero, TimeSpan.FromSeconds(2)), _clock);

    [Theory, MemberData(nameof(Stores))]
    public async Task A_saved_value_is_read_back_byte_by_byte(string kind)
    {
        await using var store = Open(kind);
        byte[][] values = [[], "{\"a\": 1}"u8.ToArray(), "\"ä€𝄞\""u8.ToArray(), [0], [0xff, 0xfe, 0x00, 0x80], new byte[100_000]];
        foreach (var value in values)
        {
            await store.WriteAsync(StateWrite.Set("key", value));
            Assert.Equal(value, (await store.GetAsync("key"))!.Value.ToArray());
        }
    }

    [Theory, MemberData(nameof(Stores))]
    public async Task Each_write_changes_the_etag_and_only_the_present_one_is_accepted(string kind)
    {
        await using var store = Open(kind);
        await store.WriteAsync(StateWrite.Set("key", "1"u8.ToArray()));
        var first = (await store.GetAsync("key"))!.ETag;
        await store.WriteAsync(StateWrite.Set("key", "2"u8.ToArray(), first));

        await Assert.ThrowsAsync<StateConflict>(() => store.WriteAsync(StateWrite.Set("key", "3"u8.ToArray(), first)));
        await Assert.ThrowsAsync<StateConflict>(() => store.WriteAsync(StateWrite.Delete("key", first)));
        await Assert.ThrowsAsync<StateConflict>(() => store.WriteAsync(StateWrite.Set("absent", "3"u8.ToArray(), first)));
        Assert.Equal("2", await ReadAsync(store, "key"));
        await store.WriteAsync(StateWrite.Delete("key", (await store.GetAsync("key"))!.ETag));
        Assert.Null(await store.GetAsync("key"));
    }

    [Theory, MemberData(nameof(Stores))]
    public async Task Of_parallel_first_writes_exactly_one_wins(string kind)
    {
        await using var store = Open(kind);
        var writes = await Task.WhenAll(Enumerable.Range(0, 64).Select(i => Task.Run(async () =>
        {
            try
            {
                await store.WriteAsync(StateWrite.Set("key", Encoding.UTF8.GetBytes($"{i}"), firstWrite: true));
                return $"{i}";
            }
            catch (StateConflict)
            {
                return null;
            }
        })));

        Assert.Equal(Assert.Single(writes, winner => winner is not null), await ReadAsync(store, "key"));
    }

    [Theory, MemberData(nameof(Stores))]
    public async Task Parallel_increments_with_etags_lose_none(string kind)
    {
        await using var store = Open(kind);
        await store.WriteAsync(StateWrite.Set("n", "0"u8.ToArray()));
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (var done = 0; done < 25;)
            {
                var present = (await store.GetAsync("n"))!;
                var next = Encoding.UTF8.GetBytes($"{int.Parse(present.Value.Span) + 1}");
                try
                {
                    await store.WriteAsync(StateWrite.Set("n", next, present.ETag));
                    done++;
                }
                catch (StateConflict)
                {
                    // Somebody else was first: read again.
                }
            }
        })));
        Assert.Equal("200", await ReadAsync(store, "n"));
    }

    [Theory, MemberData(nameof(Stores))]
    public async Task A_failed_write_takes_none_with_it(string kind)
    {
        await using var store = Open(kind);
        await store.WriteAsync(StateWrite.Set("taken", "0"u8.ToArray()));
        var writes = Enumerable.Range(0, 50).Select(i => i % 2 == 0
            ? store.WriteAsync(StateWrite.Set($"free-{i}", "1"u8.ToArray()))
            : store.TransactAsync(
                [StateWrite.Set($"half-{i}", "1"u8.ToArray()), StateWrite.Set("taken", "1"u8.ToArray(), firstWrite: true)]))
            .ToArray();
        await Task.WhenAll(writes).ContinueWith(_ => { });

        for (var i = 0; i < writes.Length; i++)
        {
            Assert.Equal(i % 2 == 0, writes[i].IsCompletedSuccessfully);
            Assert.Equal(i % 2 == 0 ? "1" : null, await ReadAsync(store, i % 2 == 0 ? $"free-{i}" : $"half-{i}"));
        }
    }

    [Theory, MemberData(nameof(Stores))]
    public async Task An_expired_value_is_gone_for_reads_etags_and_first_writes(string kind)
    {
        await using var store = Open(kind);
        await store.WriteAsync(StateWrite.Set("key", "1"u8.ToArray(), ttl: TimeSpan.FromSeconds(10)));
        var item = (await store.GetAsync("key"))!;
        Assert.Equal(_clock.GetUtcNow().AddSeconds(10), item.ExpiresAt);
        _clock.Advance(TimeSpan.FromSeconds(11));

        Assert.Null(await store.GetAsync("key"));
        await Assert.ThrowsAsync<StateConflict>(() => store.WriteAsync(StateWrite.Set("key", "2"u8.ToArray(), item.ETag)));
        await store.WriteAsync(StateWrite.Set("key", "3"u8.ToArray(), firstWrite: true));
        Assert.Null((await store.GetAsync("key"))!.ExpiresAt);
    }

    /// <summary>Any sequence of writes and transactions leaves the store as it leaves a dictionary.</summary>
    [Theory, MemberData(nameof(Stores))]
    public void A_store_behaves_as_a_dictionary(string kind)
    {
        var runs = 0;
        Operations.Sample(
            operations =>
            {
                using var store = new Synchronous(kind == "memory" ? new InMemoryStateStore(_clock) : OpenSqlite($"{++runs}.db"));
                var model = new Model();
                foreach (var operation in operations)
                {
                    var writes = operation.Writes.Select(write => new StateWrite(
                        write.Key, write.Value is { } value ? Encoding.UTF8.GetBytes($"{value}") : default(ReadOnlyMemory<byte>?),
                        write.ETag switch { 1 => store.Get(write.Key)?.ETag, 2 => "stale", _ => null },
                        write.FirstWrite, null)).ToArray();
                    Assert.Equal(model.Apply(writes, key => store.Get(key)?.ETag), store.Apply(writes));
                    foreach (var key in Keys)
                        Assert.Equal(model.Values.GetValueOrDefault(key), store.Text(key));
                }
            },
            iter: kind == "memory" ? 500 : 40, threads: 1);
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

    [Fact]
    public async Task Bulk_reads_keep_the_order_of_the_keys()
    {
        await using var store = OpenSqlite();
        await store.TransactAsync([StateWrite.Set("a", "1"u8.ToArray()), StateWrite.Set("b", "2"u8.ToArray())]);
        var items = await store.GetAsync(["b", "absent", "a", "b"]);
        Assert.Equal(["2", null, "1", "2"], items.Select(item => item is { Value: var value } ? Encoding.UTF8.GetString(value.Span) : null));
    }

    private static async Task<string?> ReadAsync(IStateStore store, string key) =>
        await store.GetAsync(key) is { } item ? Encoding.UTF8.GetString(item.Value.Span) : null;

    private static readonly string[] Keys = ["a", "b", "c"];

    private static readonly Gen<Operation[]> Operations = Gen.Select(
            Gen.Int[0, 2].Select(i => Keys[i]), Gen.Int[0, 99].Nullable(0.3), Gen.Int[0, 2], Gen.Bool)
        .Select(write => new Write(write.Item1, write.Item2, write.Item3, write.Item4))
        .Array[1, 4].Select(writes => new Operation(writes)).Array[1, 20];

    private sealed record Write(string Key, int? Value, int ETag, bool FirstWrite);

    private sealed record Operation(Write[] Writes);

    /// <summary>What a store must do, in the plainest words. ETags are those of the real store, for they are random.</summary>
    private sealed class Model
    {
        public Dictionary<string, string> Values { get; private set; } = [];

        public bool Apply(StateWrite[] writes, Func<string, string?> etag)
        {
            var after = new Dictionary<string, string>(Values);
            var touched = new HashSet<string>();
            foreach (var write in writes)
            {
                var matches = after.ContainsKey(write.Key) && !touched.Contains(write.Key) && etag(write.Key) == write.ETag;
                if (write.HasETag ? !matches : write.FirstWrite && write.Value is not null && after.ContainsKey(write.Key)) return false;
                touched.Add(write.Key);
                if (write.Value is { } value) after[write.Key] = Encoding.UTF8.GetString(value.Span);
                else after.Remove(write.Key);
            }

            Values = after;
            return true;
        }
    }

    private sealed class Synchronous(IStateStore store) : IDisposable
    {
        public StateItem? Get(string key) => store.GetAsync(key).AsTask().GetAwaiter().GetResult();

        public string? Text(string key) => Get(key) is { } item ? Encoding.UTF8.GetString(item.Value.Span) : null;

        public bool Apply(StateWrite[] writes)
        {
            try
            {
                store.TransactAsync(writes).GetAwaiter().GetResult();
                return true;
            }
            catch (StateConflict)
            {
                return false;
            }
        }

        public void Dispose() => store.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }
}
