using DaprShop.Testing;

namespace DaprShop.Common.Tests;

public sealed class StateStoreTests : IAsyncLifetime
{
    private ShopHost? _shop;
    private StateStore? _store;

    public async ValueTask InitializeAsync()
    {
        _shop = await ShopHost.StartAsync(shop => shop.Fake("payment", _ => { }));
        _store = new StateStore(_shop.Dapr("payment"), "payment-store");
    }

    public async ValueTask DisposeAsync()
    {
        if (_shop is not null) await _shop.DisposeAsync();
    }

    [Fact]
    public async Task Of_those_who_commit_together_only_the_stale_are_refused()
    {
        var store = _store!;
        await store.SaveAsync("taken-3", "before");
        await store.SaveAsync("taken-7", "before");

        var done = await Task.WhenAll(Enumerable.Range(0, 10).Select(i =>
            store.TryCommitTogetherAsync([store.Write($"taken-{i}", "mine", etag: ""), store.Write($"with-{i}", "mine", etag: "")])));

        Assert.Equal(Enumerable.Range(0, 10).Select(i => i is not (3 or 7)), done);
        for (var i = 0; i < 10; i++)
        {
            var expected = done[i] ? "mine" : null;
            Assert.Equal(expected ?? "before", (await store.GetAsync<string>($"taken-{i}")).Value);
            Assert.Equal(expected, (await store.GetAsync<string>($"with-{i}")).Value);
        }
    }

    [Fact]
    public async Task Of_two_who_insert_the_same_together_one_is_refused()
    {
        var store = _store!;

        var done = await Task.WhenAll(Enumerable.Range(0, 5).Select(i =>
            store.TryCommitTogetherAsync([store.Write("only-one", $"of {i}", etag: "")])));

        Assert.Single(done, won => won);
        Assert.Equal($"of {Array.IndexOf(done, true)}", (await store.GetAsync<string>("only-one")).Value);
    }
}
