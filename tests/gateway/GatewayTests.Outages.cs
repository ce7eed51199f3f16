using System.Net;
using System.Net.Http.Json;
using DaprShop.Local.Hosting;
using DaprShop.Testing;

namespace DaprShop.Gateway.Tests;

/// <content>Services that are away, and their replicas.</content>
public abstract partial class GatewayTests
{
    [Fact]
    public async Task A_service_that_breaks_off_is_a_503_problem()
    {
        using var response = await Client.PostAsync("/api/orders/crash", null);

        await AssertUnavailableAsync(response);
    }

    [Fact]
    public async Task A_service_that_is_down_is_503_until_it_comes_back_while_others_serve()
    {
        await using var shop = await GatewayUnderTest.StartAsync(kind);
        Assert.Equal(HttpStatusCode.OK, (await shop.Client.GetAsync("/api/basket")).StatusCode);

        await shop["basket"].DisposeAsync();
        await AssertUnavailableAsync(await shop.Client.GetAsync("/api/basket"));
        await AssertUnavailableAsync(await shop.Client.PutAsJsonAsync("/api/basket/items/kettle-01", new { quantity = 1 }));
        Assert.Equal(HttpStatusCode.OK, (await shop.Client.GetAsync("/api/catalog/products")).StatusCode);

        await shop["basket"].StartAsync();
        Assert.Equal(HttpStatusCode.OK, (await shop.Client.GetAsync("/api/basket")).StatusCode);
    }

    [Fact]
    public async Task It_may_start_before_any_service()
    {
        await using var shop = await GatewayUnderTest.StartAsync(kind, withServices: false);
        await AssertUnavailableAsync(await shop.Client.GetAsync("/"));
        await AssertUnavailableAsync(await shop.Client.GetAsync("/health"));
        await AssertProblemAsync(await shop.Client.GetAsync("/api/unknown"), HttpStatusCode.NotFound);

        await shop["web"].StartAsync();

        Assert.Equal(HttpStatusCode.OK, (await shop.Client.GetAsync("/")).StatusCode);
    }

    [Fact]
    public async Task A_replica_that_refuses_is_passed_over()
    {
        await using var shop = await GatewayUnderTest.StartAsync(kind, replicas: 2);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => shop.Client.GetAsync("/api/basket")));

        await shop["basket"].DisposeAsync();

        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(HttpStatusCode.OK, (await shop.Client.GetAsync("/api/basket")).StatusCode);
            Assert.Equal(HttpStatusCode.OK, (await shop.Client.PostAsJsonAsync("/api/basket/merge", new { basketId = Id })).StatusCode);
        }
    }

    [Fact]
    public async Task Replicas_come_and_go_while_requests_are_answered()
    {
        await using var shop = await GatewayUnderTest.StartAsync(kind);
        var former = shop["ordering"];
        await using var successor = new FakeService("ordering", FreePorts.Take());
        await successor.StartAsync();
        using var stream = await shop.Client.GetAsync($"/api/orders/{Id}/stream", HttpCompletionOption.ResponseHeadersRead);
        using var stop = new CancellationTokenSource();
        var asking = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested) Assert.Equal(HttpStatusCode.OK, (await shop.Client.GetAsync("/api/orders")).StatusCode);
        });

        await FollowAsync(former.Address, successor.Address);
        await ShopHost.EventuallyAsync(() => Task.FromResult(!successor.Targets.IsEmpty && !former.Targets.IsEmpty), "both");
        // The stream is still open at the one that goes, which must not keep the gateway from going on.
        var following = FollowAsync(successor.Address);
        former.NextEvent.Release();
        Assert.NotEqual(0, await (await stream.Content.ReadAsStreamAsync()).ReadAsync(new byte[1]));
        await following;
        await stop.CancelAsync();
        await asking;
        // All of nginx's workers are told at once, which is not the same instant.
        await ShopHost.EventuallyAsync(
            async () =>
            {
                former.Targets.Clear();
                await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => shop.Client.GetAsync("/api/orders")));
                return former.Targets.IsEmpty;
            },
            "the one that has gone to be left alone");

        Task FollowAsync(params Uri[] replicas) => shop.Gateway.FollowAsync(
            shop.Settings.Services.ToDictionary(service => service.Key, service => service.Key == "ordering" ? replicas : service.Value));
    }
}
