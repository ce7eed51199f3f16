using static Microsoft.Playwright.Assertions;

namespace DaprShop.Browser.Tests;

/// <summary>The page of the local runtime about what runs.</summary>
public sealed class DashboardTests(Browser browser)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_shop_from_the_inside(bool withScript)
    {
        await using var visit = await browser.VisitAsync(withScript);
        var address = (await browser.Own.DashboardAsync()).ToString();
        await visit.OpenAsync(address);
        await Expect(visit["services"].Locator("tbody tr")).ToHaveCountAsync(9);
        await Expect(visit["services"].Locator("td.ready")).ToHaveCountAsync(9);
        await Expect(visit["queues"]).ToContainTextAsync("orders.confirmed");
        await Expect(visit["dead-letters"]).ToContainTextAsync("notification.dead-letters");
        await Expect(visit["components"]).ToContainTextAsync("ordering-store");
        await visit.Page.GetByRole(Microsoft.Playwright.AriaRole.Link, new() { Name = "log of ordering" }).ClickAsync();
        await Expect(visit["log"]).ToContainTextAsync("Now listening on");
        await visit.Page.GetByRole(Microsoft.Playwright.AriaRole.Link, new() { Name = "All services" }).ClickAsync();
        await Expect(visit["subscriptions"]).ToContainTextAsync("shipping.delivered");
    }

    [Fact]
    public async Task It_asks_for_itself_again_until_it_is_told_to_keep_still()
    {
        await using var visit = await browser.VisitAsync();
        await visit.OpenAsync((await browser.Own.DashboardAsync()).ToString());
        var clock = await visit.Page.Locator("header p").InnerTextAsync();
        await Expect(visit.Page.Locator("header p")).Not.ToHaveTextAsync(clock);
        await visit.Page.GetByText("Stop refreshing").ClickAsync();
        await Expect(visit.Page.GetByText("Refresh every")).ToBeVisibleAsync();
        await Expect(visit.Page.Locator("meta[http-equiv=refresh]")).ToHaveCountAsync(0);
    }
}
