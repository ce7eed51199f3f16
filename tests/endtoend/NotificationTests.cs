using DaprShop.Contracts;

namespace DaprShop.EndToEnd.Tests;

public sealed class NotificationTests(SharedShop shared)
{
    private readonly Shop _shop = shared.Shop;

    [Fact]
    public async Task A_member_is_told_each_thing_once_newest_first()
    {
        var product = await _shop.NewProductAsync();
        var member = await _shop.NewMemberAsync();
        await Eventually.Async(() => ListAsync(member), page => page.Total == 1, "a welcome");
        var confirmed = await member.OrderAsync(product.Id);
        await Eventually.Async(() => ListAsync(member), page => page.Items.Any(item => item.OrderId == confirmed.Id), "word of the first order");
        var rejected = await member.OrderAsync(product.Id, token: "tok_declined");

        var told = await Eventually.Async(
            () => ListAsync(member), page => page.Items.Any(item => item.OrderId == rejected.Id), "word of the second order");

        Assert.Equal(3, told.Total);
        Assert.Equal([rejected.Id, confirmed.Id, null], told.Items.Select(item => item.OrderId));
        Assert.Equal(3, told.Items.Select(item => item.Id).Distinct().Count());
    }

    [Fact]
    public async Task Pages_are_checked()
    {
        var member = await _shop.SomeoneAsync();

        await member.GetAsync("/api/notifications?pageSize=101").ProblemAsync(400, "pageSize");
        await member.GetAsync("/api/notifications?page=0").ProblemAsync(400, "page");
    }

    private static Task<Page<NotificationDoc>> ListAsync(ShopClient member) => member.GetAsync("/api/notifications").ReadAsync<Page<NotificationDoc>>();
}
