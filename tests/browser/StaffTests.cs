using DaprShop.Contracts;
using DaprShop.EndToEnd.Tests;
using static Microsoft.Playwright.Assertions;

namespace DaprShop.Browser.Tests;

/// <summary>What the shop's staff do.</summary>
public sealed class StaffTests(Browser browser)
{
    [Fact]
    public async Task Staff_edit_a_product_and_put_its_stock_right()
    {
        await using var visit = await browser.VisitAsync();
        await visit.SignInAsStaffAsync();
        var product = await browser.Shop.NewProductAsync(stock: 7);
        await visit.OpenAsync($"/staff/products/{product.Id}");
        await Expect(visit["on-hand"]).ToHaveTextAsync("7");
        await visit["name"].FillAsync("Test Kettle, mended");
        await visit["price"].FillAsync("23.45");
        await visit["save"].ClickAsync();
        await Expect(visit.Page.GetByRole(Microsoft.Playwright.AriaRole.Heading, new() { Name = "Test Kettle, mended" })).ToBeVisibleAsync();
        await visit["count"].FillAsync("3");
        await visit["save-count"].ClickAsync();
        await Expect(visit["on-hand"]).ToHaveTextAsync("3");

        await visit.OpenAsync($"/products/{product.Id}");
        await Expect(visit["product-name"]).ToHaveTextAsync("Test Kettle, mended");
        await Expect(visit["price"]).ToHaveTextAsync("$23.45");
    }

    [Fact]
    public async Task Staff_see_every_order_and_what_happened_to_it()
    {
        await using var visit = await browser.VisitAsync();
        await visit.SignInAsStaffAsync();
        var order = await (await browser.Shop.NewMemberAsync()).OrderAsync("kettle-01", token: "tok_declined");
        await visit["nav-staff"].ClickAsync();
        await visit["staff-orders"].ClickAsync();
        await visit["status-filter"].SelectOptionAsync("rejected");
        await visit.Page.WaitForURLAsync("**status=rejected**");
        await visit.Page.Locator($"[data-order='{order.Id}'] a").ClickAsync();
        await Expect(visit["history"].Locator("li")).ToContainTextAsync(["Rejected", "Submitted"]);
        await Expect(visit["cancel"]).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Staff_replay_a_dead_letter()
    {
        await using var visit = await browser.VisitAsync();
        await visit.SignInAsStaffAsync();
        var member = await browser.Shop.NewMemberAsync();
        var orderId = Guid.CreateVersion7().ToString();
        await browser.Own.BuryAsync("notification", new
        {
            id = $"order-{orderId}-9",
            source = "ordering",
            type = "com.dapr.event.sent",
            specversion = "1.0",
            topic = Topics.OrdersShipped,
            data = new OrderChanged(
                $"order-{orderId}-9", DateTimeOffset.UtcNow, orderId, member.Credentials!.Id, 9, "shipped", [], new Money(100, "USD")),
        });
        await Eventually.Async(
            async () =>
            {
                await visit.OpenAsync("/staff/dead-letters");
                return await visit["dead-letter"].Filter(new() { HasText = orderId }).CountAsync();
            },
            count => count == 1, "the letter on the page");
        await visit["dead-letter"].Filter(new() { HasText = orderId }).GetByTestId("replay").ClickAsync();
        await Expect(visit["dead-letter"].Filter(new() { HasText = orderId })).ToHaveCountAsync(0);
        await Eventually.Async(
            () => member.GetAsync("/api/notifications").ReadAsync<Page<NotificationDoc>>(),
            told => told.Items.Any(message => message.OrderId == orderId), "the message");
    }

    [Fact]
    public async Task Members_are_told_that_it_is_not_for_them()
    {
        await using var visit = await browser.VisitAsync();
        await visit.SignUpAsync();
        foreach (var path in new[] { "/staff", "/staff/orders", "/staff/dead-letters" })
        {
            // Asked for from within a page: a refused page is an error in the console of its own.
            var answer = await visit.Page.APIRequest.GetAsync(path);
            Assert.Equal(403, answer.Status);
            Assert.Contains("This is for staff", await answer.TextAsync(), StringComparison.Ordinal);
        }
    }
}
