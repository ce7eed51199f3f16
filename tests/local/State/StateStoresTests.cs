using DaprShop.Local.Configuration;
using DaprShop.Local.Hosting;
using DaprShop.Local.Redis;
using DaprShop.Local.Resiliency;
using DaprShop.Local.State;

namespace DaprShop.Local.Tests.State;

/// <summary>Components become stores, or one clear line that says why not.</summary>
public sealed class StateStoresTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("stores-").FullName;
    private readonly List<AppChannel> _channels = [];

    public void Dispose()
    {
        _channels.ForEach(channel => channel.Dispose());
        Directory.Delete(_directory, recursive: true);
    }

    [Theory]
    [InlineData("state.sqlite", "", "connectionString is missing")]
    [InlineData("state.sqlite", "connectionString=/", "connectionString '/' names no file")]
    [InlineData("state.sqlite", "connectionString=a.db;tableName=a b", "tableName 'a b' is not an identifier")]
    [InlineData("state.sqlite", "connectionString=a.db;busyTimeout=soon", "busyTimeout must be a duration such as 30s: 'soon'")]
    [InlineData("state.sqlite", "connectionString=a.db?mode=ro", "mode=ro, immutable and disableWAL are not served by the local runtime")]
    [InlineData("state.sqlite", "connectionString=a.db;disableWAL=yes", "mode=ro, immutable and disableWAL are not served by the local runtime")]
    [InlineData("state.sqlite", "connectionString=a.db;outboxPublishTopic=t", "outboxPublishTopic is not served by the local runtime")]
    [InlineData("state.sqlite", "connectionString=a.db;keyPrefix=a||b", "keyPrefix must not contain '||'")]
    [InlineData("state.mongodb", "", "the local runtime does not serve state.mongodb; it has state.sqlite, state.redis and state.in-memory")]
    public void A_component_that_cannot_be_served_is_named(string type, string metadata, string problem)
    {
        var error = Assert.Throws<ConfigurationError>(() => Open(Sidecar("app", Component("store", type, metadata))));
        Assert.Equal($"store.yaml: component store: {problem}", error.Message);
    }

    [Fact]
    public void A_file_that_is_no_database_is_named()
    {
        File.WriteAllText(Path.Combine(_directory, "a.db"), new string('x', 5000));
        var component = Component("store", "state.sqlite", "connectionString=a.db");
        var error = Assert.Throws<ConfigurationError>(() => Open(Sidecar("app", component)));
        var expected = $"store.yaml: component store: cannot open {Path.Combine(_directory, "a.db")}: SQLite error 26";
        Assert.StartsWith(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_has_expired_may_be_removed_as_seldom_as_one_likes()
    {
        var sidecar = Sidecar("app", Component("store", "state.sqlite", "connectionString=a.db;cleanupInterval=2000h"));
        await using var stores = Open(sidecar);
        Assert.IsType<SqliteStateStore>(stores.Of(sidecar, "store").Store);
    }

    [Theory]
    [InlineData("connectionString=:memory:")]
    [InlineData("connectionString=file::memory:?cache=shared")]
    [InlineData("connectionString=file:a.db?mode=memory")]
    public async Task What_is_to_be_in_memory_is_in_no_file(string metadata)
    {
        var sidecar = Sidecar("app", Component("store", "state.sqlite", metadata));
        await using var stores = Open(sidecar);
        Assert.IsType<InMemoryStateStore>(stores.Of(sidecar, "store").Store);
    }

    [Theory]
    [InlineData("", "app||k")]
    [InlineData("keyPrefix=appid", "app||k")]
    [InlineData("keyPrefix=namespace", "app||k")]
    [InlineData("keyPrefix=name", "store||k")]
    [InlineData("keyPrefix=none", "k")]
    [InlineData("keyPrefix=Shop", "shop||k")]
    public async Task Keys_are_prefixed_as_the_component_says(string metadata, string expected)
    {
        var sidecar = Sidecar("app", Component("store", "state.in-memory", metadata));
        await using var stores = Open(sidecar);
        Assert.Equal(expected, stores.Of(sidecar, "store").FullKey("k"));
    }

    [Fact]
    public async Task Components_that_name_the_same_file_share_a_store_and_one_is_for_actors()
    {
        var a = Sidecar("a", Component("one", "state.sqlite", "connectionString=data/x.db"), Component("plain", "state.in-memory", ""));
        var b = Sidecar("b", Component("two", "state.sqlite", "connectionString=file:../../data/x.db?mode=rwc;actorStateStore=true"));
        await using var stores = Open(a, b);
        Assert.Same(stores.Of(a, "one").Store, stores.Of(b, "two").Store);
        Assert.NotSame(stores.Of(a, "one").Store, stores.Of(a, "plain").Store);
        Assert.Null(stores.ActorStore(a));
        Assert.Equal("two", stores.ActorStore(b)?.Name);
    }

    private StateStores Open(params Sidecar[] sidecars) =>
        new(new AppRegistry(sidecars), new DataDirectory(_directory), new RedisServers(null), new ResiliencyPolicies([], TimeProvider.System),
            TimeProvider.System);

    private Sidecar Sidecar(string appId, params ComponentSpec[] components)
    {
        var channel = new AppChannel(appId, null, null);
        _channels.Add(channel);
        return new Sidecar(appId, 0, 0, 0, channel, components);
    }

    private static ComponentSpec Component(string name, string type, string metadata) => new(
        name, type, "v1",
        metadata.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(item => item.Split('=', 2))
            .ToDictionary(item => item[0], item => item[1]),
        [], $"{name}.yaml");
}
