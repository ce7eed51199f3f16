using DaprShop.Conformance.Tests.Sidecars;

namespace DaprShop.Conformance.Tests;

/// <summary>Locks over HTTP: https://docs.dapr.io/reference/api/distributed_lock_api/</summary>
public sealed class LockTests(TestWorld world)
{
    private readonly string _resource = Guid.NewGuid().ToString("N");

    [Fact]
    public async Task Only_one_gets_a_lock()
    {
        Assert.Equal((200, """{"success":true}"""), await TryAsync("one"));
        Assert.Equal((200, """{"success":false}"""), await TryAsync("two"));
        Assert.Equal((200, """{"success":false}"""), await TryAsync("one"));
    }

    [Fact]
    public async Task A_lock_given_back_can_be_had()
    {
        await TryAsync("one");
        Assert.Equal((200, """{"status":0}"""), await UnlockAsync("one"));
        Assert.Equal((200, """{"success":true}"""), await TryAsync("two"));
    }

    [Fact]
    public async Task A_lock_ends_by_itself()
    {
        await TryAsync("one", seconds: 1);
        await TestWorld.EventuallyAsync(async () => await TryAsync("two") == (200, """{"success":true}"""), "the lock to end");
    }

    [Fact]
    public async Task Apps_have_locks_of_their_own()
    {
        await TryAsync("one");
        Assert.Equal((200, """{"success":true}"""), await TryAsync("one", app: "echo"));
    }

    [Fact]
    public async Task Another_s_lock_cannot_be_given_back()
    {
        await TryAsync("one");
        Assert.Equal((200, """{"status":2}"""), await UnlockAsync("two"));
    }

    [Fact]
    public async Task No_lock_cannot_be_given_back() => Assert.Equal((200, """{"status":1}"""), await UnlockAsync("one"));

    [Theory]
    [InlineData("lock", "nothing", "{\"resourceId\":\"a\",\"lockOwner\":\"b\",\"expiryInSeconds\":1}", 400, "ERR_LOCK_STORE_NOT_FOUND", "lock store nothing not found")]
    [InlineData("lock", "locks", "{\"lockOwner\":\"b\",\"expiryInSeconds\":1}", 400, "ERR_MALFORMED_REQUEST", "ResourceId is empty in lock store locks")]
    [InlineData("lock", "locks", "{\"resourceId\":\"a\",\"expiryInSeconds\":1}", 400, "ERR_MALFORMED_REQUEST", "LockOwner is empty in lock store locks")]
    [InlineData("lock", "locks", "{\"resourceId\":\"a\",\"lockOwner\":\"b\"}", 400, "ERR_MALFORMED_REQUEST", "ExpiryInSeconds is not positive in lock store locks")]
    [InlineData("lock", "locks", "{\"resourceId\":\"a\",\"lockOwner\":\"b\",\"expiryInSeconds\":-1}", 400, "ERR_MALFORMED_REQUEST", null)]
    [InlineData("lock", "locks", "{\"resourceId\":\"a||b\",\"lockOwner\":\"b\",\"expiryInSeconds\":1}", 500, "ERR_TRY_LOCK", null)]
    [InlineData("lock", "locks", "{", 400, "ERR_MALFORMED_REQUEST", null)]
    [InlineData("lock", "locks", "{\"resourceId\":1}", 400, "ERR_MALFORMED_REQUEST", null)]
    [InlineData("unlock", "nothing", "{\"resourceId\":\"a\",\"lockOwner\":\"b\"}", 400, "ERR_LOCK_STORE_NOT_FOUND", null)]
    [InlineData("unlock", "locks", "{\"lockOwner\":\"b\"}", 400, "ERR_MALFORMED_REQUEST", "ResourceId is empty in lock store locks")]
    [InlineData("unlock", "locks", "{\"resourceId\":\"a\"}", 400, "ERR_MALFORMED_REQUEST", "LockOwner is empty in lock store locks")]
    [InlineData("unlock", "locks", "[]", 400, "ERR_MALFORMED_REQUEST", null)]
    public async Task Bad_requests_get_daprd_s_errors(string verb, string store, string body, int status, string code, string? message)
    {
        NeedsLocks();
        var answer = await world.CallAsync("caller", "POST", $"/v1.0-alpha1/{verb}/{store}", body);
        Assert.Equal((status, code), (answer.Status, answer.ErrorCode));
        if (message is not null) Assert.Equal(message, answer.Message);
    }

    private void NeedsLocks() => Assert.SkipWhen(world.Sidecars.RedisHost is null, "no redis-server, which daprd's locks need");

    private async Task<(int, string)> TryAsync(string owner, int seconds = 60, string app = "caller")
    {
        NeedsLocks();
        var answer = await world.CallAsync(
            app, "POST", "/v1.0-alpha1/lock/locks",
            $$"""{"resourceId":"{{_resource}}","lockOwner":"{{owner}}","expiryInSeconds":{{seconds}}}""");
        return (answer.Status, answer.Body.Replace(" ", "", StringComparison.Ordinal));
    }

    private async Task<(int, string)> UnlockAsync(string owner)
    {
        NeedsLocks();
        var answer = await world.CallAsync(
            "caller", "POST", "/v1.0-alpha1/unlock/locks", $$"""{"resourceId":"{{_resource}}","lockOwner":"{{owner}}"}""");
        return (answer.Status, answer.Body.Replace(" ", "", StringComparison.Ordinal));
    }
}
