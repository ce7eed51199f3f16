using System.Globalization;
using DaprShop.Local.Redis;
using StackExchange.Redis;

namespace DaprShop.Local.State;

/// <summary>
/// <c>state.redis</c>: daprd's own layout (components-contrib <c>state/redis</c>), so that either can use the data: a key is a hash with
/// the fields <c>data</c> and <c>version</c>, which is the ETag and counts writes, and <c>first-write</c> once it was written so. Its
/// rules too: an ETag holds for a key that is not there; a first write is refused only where another first write was before, as is then
/// any write without ETag; a write that says nothing of a time to live leaves the old one. Unlike there, a transaction is made as a
/// whole or not at all, first writes in it count, an ETag counts with last-write as well, and a delete that fails because Redis is away
/// is no conflict.
/// </summary>
/// <param name="redis">Its connection belongs to others.</param>
/// <param name="ttl">For writes that do not say; null for ever.</param>
public sealed class RedisStateStore(IDatabase redis, TimeSpan? ttl) : IStateStore
{
    private const string AnyVersion = "0";

    // KEYS: that of each write. ARGV: five for each: set or delete; the version it must have, 0 for any; the data; 0 for a first write;
    // seconds to live: nothing leaves them as they are, 0 is for ever. First all writes are checked, each as if those before it were
    // made, then all are made. Returns the number of the write that may not be made, 0 when all were.
    private const string Script = """
        local versions, marks = {}, {}
        for i, key in ipairs(KEYS) do
          if versions[key] == nil then
            local version, mark = redis.pcall('HGET', key, 'version'), redis.pcall('HGET', key, 'first-write')
            versions[key] = type(version) == 'string' and version ~= '' and version
            marks[key] = type(mark) == 'string'
          end
          local wanted = ARGV[5 * i - 3]
          local fits = not versions[key] or versions[key] == wanted
          if ARGV[5 * i - 4] == 'set' then
            if not fits and (marks[key] or wanted ~= '0') then return i end
            versions[key] = string.format('%d', (versions[key] or 0) + 1)
            marks[key] = marks[key] or ARGV[5 * i - 1] == '0'
          else
            if not fits and wanted ~= '0' then return i end
            versions[key], marks[key] = false, false
          end
        end
        for i, key in ipairs(KEYS) do
          if ARGV[5 * i - 4] == 'set' then
            if redis.call('TYPE', key).ok ~= 'hash' then redis.call('DEL', key) end
            redis.call('HSET', key, 'data', ARGV[5 * i - 2])
            if ARGV[5 * i - 1] == '0' then redis.call('HSET', key, 'first-write', 0) end
            redis.call('HINCRBY', key, 'version', 1)
            local seconds = ARGV[5 * i]
            if seconds == '0' then redis.call('PERSIST', key)
            elseif seconds ~= '' then redis.call('EXPIRE', key, seconds) end
          else
            redis.call('DEL', key)
          end
        end
        return 0
        """;

    public async ValueTask<StateItem?> GetAsync(string key)
    {
        HashEntry[] fields;
        try
        {
            fields = await redis.HashGetAllAsync(key);
        }
        catch (RedisServerException error) when (error.Message.StartsWith("WRONGTYPE", StringComparison.Ordinal))
        {
            var value = await redis.StringGetAsync(key).OrFailure();
            return value.IsNull ? null : new StateItem((byte[])value!, "", null);
        }
        catch (Exception error) when (RedisCall.IsFailure(error))
        {
            throw new RedisFailure(error.Message, error);
        }

        if (fields.Length == 0) return null;
        var data = Field(fields, "data");
        var version = Field(fields, "version");
        return data.IsNull || version.IsNull
            ? throw new RedisFailure("required hash field 'data' or 'version' was not found")
            : new StateItem((byte[])data!, version.ToString(), null);
    }

    public async ValueTask<StateItem?[]> GetAsync(IReadOnlyList<string> keys) =>
        await Task.WhenAll(keys.Select(key => GetAsync(key).AsTask()));

    public Task WriteAsync(StateWrite write, CancellationToken cancellation = default) => TransactAsync([write], cancellation);

    public async Task TransactAsync(IReadOnlyList<StateWrite> writes, CancellationToken cancellation = default)
    {
        if (writes.Count == 0) return;
        var keys = new RedisKey[writes.Count];
        var arguments = new RedisValue[5 * writes.Count];
        for (var i = 0; i < keys.Length; i++)
        {
            keys[i] = writes[i].Key;
            Describe(writes[i], arguments.AsSpan(5 * i, 5));
        }

        var refused = (int)await redis.ScriptEvaluateAsync(Script, keys, arguments).OrFailure();
        if (refused > 0) throw Refusal(writes[refused - 1]);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Describe(StateWrite write, Span<RedisValue> arguments)
    {
        arguments[0] = write.Value is null ? "delete" : "set";
        arguments[1] = !write.HasETag ? AnyVersion : write.Value is null ? write.ETag : Version(write.ETag!);
        arguments[2] = write.Value ?? default;
        arguments[3] = write.FirstWrite ? "0" : "1";
        arguments[4] = (write.Ttl ?? ttl) is { } time ? Math.Max(0, (long)time.TotalSeconds) : "";
    }

    private static string Version(string etag) =>
        int.TryParse(etag, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var version)
            ? version.ToString(CultureInfo.InvariantCulture)
            : throw new InvalidETag(etag);

    private static Exception Refusal(StateWrite write)
    {
        if (write.Value is null) return new StateConflict($"failed to delete {write.Key}");
        return write.HasETag ? new StateConflict($"failed to set key {write.Key}") : new RedisFailure($"failed to set key {write.Key}");
    }

    private static RedisValue Field(HashEntry[] fields, string name)
    {
        foreach (var field in fields)
            if (field.Name == name) return field.Value;
        return RedisValue.Null;
    }
}
