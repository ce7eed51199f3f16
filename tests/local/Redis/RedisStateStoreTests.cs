using System.Text;
using DaprShop.Local.State;
using DaprShop.Local.Tests.State;
using StackExchange.Redis;

namespace DaprShop.Local.Tests.Redis;

/// <summary>What every store must do, on a real Redis, with the odd rules of daprd's component; and its layout, seen from outside.</summary>
public sealed class RedisStateStoreTests(RedisFixture redis) : StateStoreContract, IClassFixture<RedisFixture>, IAsyncLifetime
{
    protected override string StaleETag => "1000000";

    protected override bool HoldsETagsOfTheAbsent => false;

    protected override bool FirstWritesAreForAll => false;

    protected override bool CountsWrites => true;

    protected override int Samples => 200;

    public async ValueTask InitializeAsync() => await redis.Raw.ExecuteAsync("FLUSHDB");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    protected override IStateStore Open() => new RedisStateStore(redis.Raw, ttl: null);

    /// <summary>Redis has a clock of its own, which nobody can set; but what would have ended by then can end now.</summary>
    protected override async Task ElapseAsync(TimeSpan time)
    {
        await foreach (var key in redis.Keys())
            if (await redis.Raw.KeyTimeToLiveAsync(key) <= time) await redis.Raw.KeyExpireAsync(key, TimeSpan.Zero);
    }

    /// <summary>daprd's component does not tell.</summary>
    protected override DateTimeOffset? ExpiryAfter(TimeSpan ttl) => null;

    [Fact]
    public async Task A_key_is_a_hash_of_data_and_version()
    {
        await using var store = Open();
        await store.WriteAsync(StateWrite.Set("app||key", "{\"a\":1}"u8.ToArray()));
        await store.WriteAsync(StateWrite.Set("app||key", "{\"a\":2}"u8.ToArray()));
        Assert.Equal("data={\"a\":2}, version=2", await FieldsAsync("app||key"));
        Assert.Equal("2", (await store.GetAsync("app||key"))!.ETag);

        await store.WriteAsync(StateWrite.Set("app||first", "1"u8.ToArray(), firstWrite: true));
        Assert.Equal("data=1, first-write=0, version=1", await FieldsAsync("app||first"));
    }

    [Fact]
    public async Task What_daprd_wrote_is_read_and_written_on()
    {
        await redis.Raw.HashSetAsync("app||key", [new("data", "\"theirs\""), new("version", 7)]);
        await using var store = Open();
        var item = (await store.GetAsync("app||key"))!;
        Assert.Equal(("\"theirs\"", "7"), (Encoding.UTF8.GetString(item.Value.Span), item.ETag));
        await Assert.ThrowsAsync<StateConflict>(() => store.WriteAsync(StateWrite.Set("app||key", "1"u8.ToArray(), "6")));
        await store.WriteAsync(StateWrite.Set("app||key", "\"ours\""u8.ToArray(), "7"));
        Assert.Equal("data=\"ours\", version=8", await FieldsAsync("app||key"));
    }

    [Fact]
    public async Task What_was_written_before_there_were_etags_is_read_and_becomes_a_hash()
    {
        await redis.Raw.StringSetAsync("old", "1");
        await redis.Raw.HashSetAsync("broken", "data", "1");
        await using var store = Open();
        var item = (await store.GetAsync("old"))!;
        Assert.Equal(("1", ""), (Encoding.UTF8.GetString(item.Value.Span), item.ETag));
        await store.WriteAsync(StateWrite.Set("old", "2"u8.ToArray()));
        Assert.Equal("data=2, version=1", await FieldsAsync("old"));
        var error = await Assert.ThrowsAnyAsync<IOException>(() => store.GetAsync("broken").AsTask());
        Assert.Equal("required hash field 'data' or 'version' was not found", error.Message);
    }

    [Fact]
    public async Task After_a_first_write_only_those_with_an_etag_may_write()
    {
        await using var store = Open();
        await store.WriteAsync(StateWrite.Set("key", "1"u8.ToArray()));
        await store.WriteAsync(StateWrite.Set("key", "2"u8.ToArray(), firstWrite: true));
        await Assert.ThrowsAnyAsync<IOException>(() => store.WriteAsync(StateWrite.Set("key", "3"u8.ToArray(), firstWrite: true)));
        await Assert.ThrowsAnyAsync<IOException>(() => store.WriteAsync(StateWrite.Set("key", "4"u8.ToArray())));
        await store.WriteAsync(StateWrite.Set("key", "5"u8.ToArray(), "2"));
        Assert.Equal("data=5, first-write=0, version=3", await FieldsAsync("key"));
        await store.WriteAsync(StateWrite.Delete("key"));
        Assert.False(await redis.Raw.KeyExistsAsync("key"));
    }

    [Fact]
    public async Task A_time_to_live_stays_until_a_write_says_otherwise()
    {
        await using var store = new RedisStateStore(redis.Raw, TimeSpan.FromHours(1));
        await store.WriteAsync(StateWrite.Set("own", "1"u8.ToArray(), ttl: TimeSpan.FromMinutes(1)));
        await store.WriteAsync(StateWrite.Set("component", "1"u8.ToArray()));
        Assert.InRange((await redis.Raw.KeyTimeToLiveAsync("own"))!.Value.TotalSeconds, 30, 60);
        Assert.InRange((await redis.Raw.KeyTimeToLiveAsync("component"))!.Value.TotalSeconds, 3000, 3600);
        await using var silent = Open();
        await silent.WriteAsync(StateWrite.Set("own", "2"u8.ToArray()));
        Assert.NotNull(await redis.Raw.KeyTimeToLiveAsync("own"));
        await silent.WriteAsync(StateWrite.Set("own", "3"u8.ToArray(), ttl: TimeSpan.Zero));
        Assert.Null(await redis.Raw.KeyTimeToLiveAsync("own"));
    }

    [Fact]
    public async Task An_etag_that_is_no_number_is_told_so()
    {
        await using var store = Open();
        await Assert.ThrowsAsync<InvalidETag>(() => store.WriteAsync(StateWrite.Set("key", "1"u8.ToArray(), "abc")));
    }

    [Fact]
    public async Task A_transaction_with_a_stale_etag_changes_nothing_whatever_came_before_it()
    {
        await using var store = Open();
        await store.WriteAsync(StateWrite.Set("a", "1"u8.ToArray()));
        await Assert.ThrowsAsync<StateConflict>(() => store.TransactAsync(
        [
            StateWrite.Set("b", "1"u8.ToArray()), StateWrite.Delete("a"), StateWrite.Set("c", "1"u8.ToArray()),
            StateWrite.Set("b", "2"u8.ToArray(), "9"),
        ]));
        Assert.Equal("1", await ReadAsync(store, "a"));
        Assert.Equal([null, null], [await ReadAsync(store, "b"), await ReadAsync(store, "c")]);
    }

    private async Task<string> FieldsAsync(string key) =>
        string.Join(", ", (await redis.Raw.HashGetAllAsync(key)).Select(field => $"{field.Name}={field.Value}").Order());
}
