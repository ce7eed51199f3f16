using DaprShop.Testing;
using StackExchange.Redis;

namespace DaprShop.Local.Tests.Redis;

/// <summary>A real redis-server for the tests of a class, and a way to look into it beside the runtime's own.</summary>
public sealed class RedisFixture : IAsyncLifetime
{
    private ConnectionMultiplexer _connection = null!;

    public RedisServer Server { get; private set; } = null!;

    public IDatabase Raw => _connection.GetDatabase();

    public IAsyncEnumerable<RedisKey> Keys() => _connection.GetServers()[0].KeysAsync();

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(RedisServer.IsMissing, "redis-server is not installed.");
        Server = await RedisServer.StartAsync();
        _connection = await ConnectionMultiplexer.ConnectAsync(Server.Address + ",allowAdmin=true,connectTimeout=60000,asyncTimeout=60000");
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null) await _connection.DisposeAsync();
        if (Server is not null) await Server.DisposeAsync();
    }
}
