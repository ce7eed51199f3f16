using System.Text.RegularExpressions;
using static Microsoft.Playwright.Assertions;

namespace DaprShop.Browser.Tests;

/// <summary>What visitors and members do.</summary>
public sealed partial class ShoppingTests(Browser browser)
{
    [Fact]
    public async Task A_visitor_finds_something_signs_up_buys_it_and_watches_it_arrive()
    {
        await using var visit = await browser.VisitAsync();
        await visit.OpenAsync("/");
        await Expect(visit["product-card"]).ToHaveCountAsync(24);
        await visit["search"].FillAsync("ketle");
        await visit["search"].PressAsync("Enter");
        await Expect(visit["product-card"].First).ToContainTextAsync("Kettle");
        await visit["sort"].SelectOptionAsync("price");
        await visit.Page.WaitForURLAsync("**sort=price**");
        await visit["product-card"].First.GetByRole(Microsoft.Playwright.AriaRole.Link).ClickAsync();

        var name = await visit["product-name"].InnerTextAsync();
        await visit["add-to-basket"].ClickAsync();
        await Expect(visit["basket-line"]).ToContainTextAsync(name);
        var one = await visit["basket-total"].InnerTextAsync();
        await visit["quantity"].FillAsync("2");
        await visit["quantity"].PressAsync("Tab");
        await Expect(visit["basket-total"]).Not.ToHaveTextAsync(one);
        await Expect(visit["basket-count"]).ToHaveTextAsync("2");

        await visit["to-checkout"].ClickAsync();
        await visit["to-sign-up"].ClickAsync();
        await visit.FillSignUpAsync();
        await visit.Page.WaitForURLAsync("**/checkout");
        await visit["country"].SelectOptionAsync("DE");
        await Expect(visit["method-express"]).ToBeVisibleAsync();
        await visit.CheckOutAsync("tok_ok", "express");

        await visit.SeesOrderAsync("delivered");
        await Expect(visit["timeline"].Locator("li.done")).ToHaveCountAsync(7);
        await Expect(visit["payment-status"]).ToHaveTextAsync("Captured");
        await Expect(visit["tracking"]).ToHaveTextAsync(Tracking());
        await Expect(visit["basket-count"]).ToHaveCountAsync(0);
        await visit["nav-orders"].ClickAsync();
        await Expect(visit["order-row"]).ToHaveCountAsync(1);
        await visit["nav-notifications"].ClickAsync();
        await Expect(visit["notification"].Filter(new() { HasText = "Order confirmed" })).ToHaveCountAsync(1);
    }

    [Fact]
    public async Task What_is_chosen_on_a_slow_line_counts()
    {
        await using var visit = await browser.VisitAsync();
        await visit.Page.RouteAsync("**/js/**", async route =>
        {
            await Task.Delay(TimeSpan.FromSeconds(1));
            await route.ContinueAsync();
        });
        await visit.Page.GotoAsync("/", new() { WaitUntil = Microsoft.Playwright.WaitUntilState.Commit });

        await visit["sort"].SelectOptionAsync("price");

        await visit.Page.WaitForURLAsync("**sort=price**");
    }

    [Fact]
    public async Task A_form_whose_answer_was_stopped_can_be_sent_again_after_a_while()
    {
        await using var visit = await browser.VisitAsync();
        await visit.Page.Clock.InstallAsync();
        await visit.OpenAsync("/products/kettle-01");
        var sent = 0;
        await visit.Page.RouteAsync("**/products/kettle-01", route =>
            route.Request.Method == "POST" && ++sent == 1 ? route.AbortAsync("aborted") : route.ContinueAsync());

        await visit["add-to-basket"].ClickAsync();
        await Expect(visit["add-to-basket"]).ToHaveAttributeAsync("aria-busy", "true");
        await visit["add-to-basket"].ClickAsync();
        await visit.Page.Clock.FastForwardAsync("11");
        await Expect(visit["add-to-basket"]).Not.ToHaveAttributeAsync("aria-busy", "true");
        Assert.Equal(1, sent);

        await visit["add-to-basket"].ClickAsync();
        await visit.Page.WaitForURLAsync("**/basket");
    }

    [Fact]
    public async Task A_declined_card_is_told_and_the_goods_can_be_put_back()
    {
        await using var visit = await browser.VisitAsync();
        await visit.SignUpAsync();
        await visit.PutIntoBasketAsync("kettle-01");
        await visit.CheckOutAsync("tok_declined");
        await visit.SeesOrderAsync("rejected");
        await Expect(visit["reason"]).ToHaveAttributeAsync("data-reason", "paymentDeclined");
        await visit["reorder"].ClickAsync();
        await Expect(visit["basket-line"]).ToHaveAttributeAsync("data-product", "kettle-01");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_total_is_that_of_the_delivery_chosen(bool withScript)
    {
        await using var visit = await browser.VisitAsync(withScript);
        await visit.SignUpAsync();
        await visit.PutIntoBasketAsync("kettle-01");
        await visit.OpenAsync("/checkout");
        await Expect(visit["total-standard"]).ToBeVisibleAsync();
        await Expect(visit["total-express"]).ToBeHiddenAsync();
        await visit["method-express"].CheckAsync();
        await Expect(visit["total-standard"]).ToBeHiddenAsync();
        var seen = await visit["total-express"].InnerTextAsync();
        await visit.CheckOutAsync("tok_ok", "express");
        await Expect(visit["total"]).ToHaveTextAsync(seen);
    }

    [Fact]
    public async Task A_member_cancels_while_it_is_possible()
    {
        await using var visit = await browser.VisitAsync();
        await visit.SignUpAsync();
        await visit.PutIntoBasketAsync("kettle-01");
        await visit.CheckOutAsync("tok_slow");
        await visit["cancel"].ClickAsync();
        await visit.SeesOrderAsync("cancelled");
        await Expect(visit["cancel"]).ToHaveCountAsync(0);
    }

    [GeneratedRegex("^DS[0-9A-Z]+$")]
    private static partial Regex Tracking();
}
