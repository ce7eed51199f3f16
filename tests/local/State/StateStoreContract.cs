using System.Text;
using CsCheck;
using DaprShop.Local.State;

namespace DaprShop.Local.Tests.State;

/// <summary>What every store must do; who derives from it says which store, and where its type is odd.</summary>
public abstract class StateStoreContract
{
    protected abstract IStateStore Open();

    /// <summary>Lets time pass, as the store sees it.</summary>
    protected abstract Task ElapseAsync(TimeSpan time);

    /// <summary>What a read says of the end of a value that was just written to live so long.</summary>
    protected abstract DateTimeOffset? ExpiryAfter(TimeSpan ttl);

    /// <summary>An ETag that no store gave out for the first write of a key.</summary>
    protected virtual string StaleETag => "stale";

    /// <summary>Whether an ETag is in force for a key that is not there.</summary>
    protected virtual bool HoldsETagsOfTheAbsent => true;

    /// <summary>Whether a first write is refused by any value, not only by that of a first write, and whether others may follow it.</summary>
    protected virtual bool FirstWritesAreForAll => true;

    /// <summary>Whether ETags count the writes of a key, from one again when it was deleted; else each is new.</summary>
    protected virtual bool CountsWrites => false;

    protected virtual int Samples => 40;

    [Fact]
    public async Task A_saved_value_is_read_back_byte_by_byte()
    {
        await using var store = Open();
        byte[][] values = [[], "{\"a\": 1}"u8.ToArray(), "\"ä€𝄞\""u8.ToArray(), [0], [0xff, 0xfe, 0x00, 0x80], new byte[100_000]];
        foreach (var value in values)
        {
            await store.WriteAsync(StateWrite.Set("key", value));
            Assert.Equal(value, (await store.GetAsync("key"))!.Value.ToArray());
        }
    }

    [Fact]
    public async Task Each_write_changes_the_etag_and_only_the_present_one_is_accepted()
    {
        await using var store = Open();
        await store.WriteAsync(StateWrite.Set("key", "1"u8.ToArray()));
        var first = (await store.GetAsync("key"))!.ETag;
        await store.WriteAsync(StateWrite.Set("key", "2"u8.ToArray(), first));

        await Assert.ThrowsAsync<StateConflict>(() => store.WriteAsync(StateWrite.Set("key", "3"u8.ToArray(), first)));
        await Assert.ThrowsAsync<StateConflict>(() => store.WriteAsync(StateWrite.Delete("key", first)));
        var ofTheAbsent = await Record.ExceptionAsync(() => store.WriteAsync(StateWrite.Set("absent", "3"u8.ToArray(), first)));
        Assert.Equal(HoldsETagsOfTheAbsent, ofTheAbsent is StateConflict);
        Assert.Equal("2", await ReadAsync(store, "key"));
        await store.WriteAsync(StateWrite.Delete("key", (await store.GetAsync("key"))!.ETag));
        Assert.Null(await store.GetAsync("key"));
    }

    [Fact]
    public async Task Of_parallel_first_writes_exactly_one_wins()
    {
        await using var store = Open();
        var writes = await Task.WhenAll(Enumerable.Range(0, 64).Select(i => Task.Run(async () =>
        {
            try
            {
                await store.WriteAsync(StateWrite.Set("key", Encoding.UTF8.GetBytes($"{i}"), firstWrite: true));
                return $"{i}";
            }
            catch (Exception refusal) when (refusal is StateConflict or IOException)
            {
                return null;
            }
        })));

        Assert.Equal(Assert.Single(writes, winner => winner is not null), await ReadAsync(store, "key"));
    }

    [Fact]
    public async Task Parallel_increments_with_etags_lose_none()
    {
        await using var store = Open();
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

    [Fact]
    public async Task A_failed_write_takes_none_with_it()
    {
        await using var store = Open();
        await store.WriteAsync(StateWrite.Set("taken", "0"u8.ToArray()));
        var writes = Enumerable.Range(0, 50).Select(i => i % 2 == 0
            ? store.WriteAsync(StateWrite.Set($"free-{i}", "1"u8.ToArray()))
            : store.TransactAsync(
                [StateWrite.Set($"half-{i}", "1"u8.ToArray()), StateWrite.Set("taken", "1"u8.ToArray(), StaleETag)]))
            .ToArray();
        await Task.WhenAll(writes).ContinueWith(_ => { });

        for (var i = 0; i < writes.Length; i++)
        {
            Assert.Equal(i % 2 == 0, writes[i].IsCompletedSuccessfully);
            Assert.Equal(i % 2 == 0 ? "1" : null, await ReadAsync(store, i % 2 == 0 ? $"free-{i}" : $"half-{i}"));
        }
    }

    [Fact]
    public async Task An_expired_value_is_gone_for_reads_etags_and_first_writes()
    {
        await using var store = Open();
        var ttl = TimeSpan.FromMinutes(1);
        await store.WriteAsync(StateWrite.Set("key", "1"u8.ToArray(), ttl: ttl));
        var item = (await store.GetAsync("key"))!;
        Assert.Equal(ExpiryAfter(ttl), item.ExpiresAt);
        await ElapseAsync(ttl);

        Assert.Null(await store.GetAsync("key"));
        var late = await Record.ExceptionAsync(() => store.WriteAsync(StateWrite.Set("key", "2"u8.ToArray(), item.ETag)));
        Assert.Equal(HoldsETagsOfTheAbsent, late is StateConflict);
        await store.WriteAsync(StateWrite.Delete("key"));
        await store.WriteAsync(StateWrite.Set("key", "3"u8.ToArray(), firstWrite: true));
        Assert.Null((await store.GetAsync("key"))!.ExpiresAt);
    }

    [Fact]
    public async Task What_is_said_to_live_for_ever_does()
    {
        await using var store = Open();
        var ttl = TimeSpan.FromMinutes(1);
        await store.WriteAsync(StateWrite.Set("key", "1"u8.ToArray(), ttl: ttl));
        await store.WriteAsync(StateWrite.Set("key", "2"u8.ToArray(), ttl: TimeSpan.FromSeconds(-1)));
        await ElapseAsync(ttl);
        Assert.Equal("2", await ReadAsync(store, "key"));
    }

    /// <summary>Any sequence of writes and transactions leaves the store as it leaves a dictionary.</summary>
    [Fact]
    public void A_store_behaves_as_a_dictionary()
    {
        Operations.Sample(
            operations =>
            {
                using var store = new Synchronous(Open());
                foreach (var key in Keys) store.Apply([StateWrite.Delete(key)]);
                var model = new Model(this);
                foreach (var operation in operations)
                {
                    var writes = operation.Writes.Select(write => new StateWrite(
                        write.Key, write.Value is { } value ? Encoding.UTF8.GetBytes($"{value}") : default(ReadOnlyMemory<byte>?),
                        write.ETag switch { 1 => store.Get(write.Key)?.ETag, 2 => StaleETag, _ => null },
                        write.FirstWrite, null)).ToArray();
                    Assert.Equal(model.Apply(writes, key => store.Get(key)?.ETag), store.Apply(writes));
                    foreach (var key in Keys)
                        Assert.Equal(model.Values.GetValueOrDefault(key), store.Text(key));
                }
            },
            iter: Samples, threads: 1);
    }

    [Fact]
    public async Task Bulk_reads_keep_the_order_of_the_keys()
    {
        await using var store = Open();
        await store.TransactAsync([StateWrite.Set("a", "1"u8.ToArray()), StateWrite.Set("b", "2"u8.ToArray())]);
        var items = await store.GetAsync(["b", "absent", "a", "b"]);
        Assert.Equal(["2", null, "1", "2"], items.Select(item => item is { Value: var value } ? Encoding.UTF8.GetString(value.Span) : null));
    }

    protected static async Task<string?> ReadAsync(IStateStore store, string key) =>
        await store.GetAsync(key) is { } item ? Encoding.UTF8.GetString(item.Value.Span) : null;

    private static readonly string[] Keys = ["a", "b", "c"];

    private static readonly Gen<Operation[]> Operations = Gen.Select(
            Gen.Int[0, 2].Select(i => Keys[i]), Gen.Int[0, 99].Nullable(0.3), Gen.Int[0, 2], Gen.Bool)
        .Select(write => new Write(write.Item1, write.Item2, write.Item3, write.Item4))
        .Array[1, 4].Select(writes => new Operation(writes)).Array[1, 20];

    private sealed record Write(string Key, int? Value, int ETag, bool FirstWrite);

    private sealed record Operation(Write[] Writes);

    /// <summary>What a store must do, in the plainest words. ETags are those of the real store, for some are random.</summary>
    private sealed class Model(StateStoreContract store)
    {
        private HashSet<string> _writtenFirst = [];
        private Dictionary<string, int> _counts = [];

        public Dictionary<string, string> Values { get; private set; } = [];

        public bool Apply(StateWrite[] writes, Func<string, string?> etag)
        {
            var after = new Dictionary<string, string>(Values);
            var writtenFirst = new HashSet<string>(_writtenFirst);
            var counts = new Dictionary<string, int>(_counts);
            var touched = new HashSet<string>();
            foreach (var write in writes)
            {
                var isThere = after.ContainsKey(write.Key);
                var isPresent = isThere && (store.CountsWrites
                    ? $"{counts[write.Key]}" == write.ETag
                    : !touched.Contains(write.Key) && etag(write.Key) == write.ETag);
                if (write.HasETag ? !isPresent && (isThere || store.HoldsETagsOfTheAbsent) : IsRefused(write, isThere, writtenFirst))
                    return false;
                touched.Add(write.Key);
                if (write.Value is { } value) after[write.Key] = Encoding.UTF8.GetString(value.Span);
                else after.Remove(write.Key);
                counts[write.Key] = write.Value is null ? 0 : counts.GetValueOrDefault(write.Key) + 1;
                if (write.Value is null) writtenFirst.Remove(write.Key);
                else if (write.FirstWrite) writtenFirst.Add(write.Key);
            }

            (Values, _writtenFirst, _counts) = (after, writtenFirst, counts);
            return true;
        }

        private bool IsRefused(StateWrite write, bool isThere, HashSet<string> writtenFirst) =>
            write.Value is not null && isThere && (store.FirstWritesAreForAll ? write.FirstWrite : writtenFirst.Contains(write.Key));
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
            catch (Exception refusal) when (refusal is StateConflict or IOException)
            {
                return false;
            }
        }

        public void Dispose() => store.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }
}
