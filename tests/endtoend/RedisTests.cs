using DaprShop.Contracts;
using DaprShop.Testing;
using StackExchange.Redis;

namespace DaprShop.EndToEnd.Tests;

/// <summary>The shop with its events in Redis, when Redis dies.</summary>
public sealed class RedisTests
{
    [Fact]
    public async Task Orders_placed_around_the_death_of_redis_are_confirmed_and_told_once_each()
    {
        SharedShop.RequireOwn();
        Assert.SkipWhen(RedisServer.IsMissing, "redis-server is not installed.");
        await using var local = await LocalShop.StartOnRedisAsync();
        var product = await local.Shop.NewProductAsync(stock: 10);
        var member = await local.Shop.NewMemberAsync();
        List<Order> orders = [await member.SubmitAsync(product.Id), await member.SubmitAsync(product.Id)];

        await local.Redis!.KillAsync();
        orders.Add(await member.SubmitAsync(product.Id));
        await local.Redis.RunAsync();
        orders.Add(await member.SubmitAsync(product.Id));

        foreach (var order in orders) await member.UntilAsync(order.Id, "confirmed");
        await local.Shop.UntilStockAsync(product.Id, onHand: 6, reserved: 0);
        var told = await Eventually.Async(
            () => member.GetAsync("/api/notifications").ReadAsync<Page<NotificationDoc>>(),
            page => orders.All(order => page.Items.Any(item => item.OrderId == order.Id)), "word of each order", 90);
        Assert.Equal(told.Total, told.Items.DistinctBy(item => item.Id).Count());
        Assert.All(orders, order => Assert.Single(told.Items, item => item.OrderId == order.Id));
        await using var redis = await ConnectionMultiplexer.ConnectAsync(local.Redis.Address + ",connectTimeout=60000,asyncTimeout=60000");
        Assert.Contains(await redis.GetDatabase().StreamGroupInfoAsync("orders.confirmed"), group => group.Name == "notification");
    }
}
