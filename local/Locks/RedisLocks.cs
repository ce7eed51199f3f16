using DaprShop.Local.Redis;
using StackExchange.Redis;
using Status = Dapr.Client.Autogen.Grpc.v1.UnlockResponse.Types.Status;

namespace DaprShop.Local.Locks;

/// <summary>
/// <c>lock.redis</c> as daprd's component has it (components-contrib <c>lock/redis</c>): a key that holds its owner and goes with its term.
/// </summary>
internal sealed class RedisLocks(IDatabase redis) : ILockStore
{
    private const int NotThere = -1;
    private const int NotOwn = -2;

    private const string UnlockScript = """
        local owner = redis.call('get', KEYS[1])
        if owner == ARGV[1] then return redis.call('del', KEYS[1]) end
        if owner == false then return -1 end
        return -2
        """;

    public Task<bool> TryAsync(string key, string owner, TimeSpan term) =>
        redis.StringSetAsync(key, owner, term, When.NotExists).OrFailure();

    public async Task<Status> UnlockAsync(string key, string owner) =>
        (int)await redis.ScriptEvaluateAsync(UnlockScript, [key], [owner]).OrFailure() switch
        {
            NotThere => Status.LockDoesNotExist,
            NotOwn => Status.LockBelongsToOthers,
            _ => Status.Success,
        };
}
