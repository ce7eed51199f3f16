using static Microsoft.Playwright.Assertions;

namespace DaprShop.Browser.Tests;

/// <summary>The whole way of a visitor whose browser runs no script.</summary>
public sealed class NoScriptTests(Browser browser)
{
    [Fact]
    public async Task A_visitor_finds_something_signs_up_buys_it_and_watches_it_arrive()
    {
        await using var visit = await browser.VisitAsync(withScript: false);
        await visit.OpenAsync("/?search=kettle");
        await visit["product-card"].First.GetByRole(Microsoft.Playwright.AriaRole.Link).ClickAsync();
        await visit["add-to-basket"].ClickAsync();
        await visit["quantity"].FillAsync("3");
        await visit["update-basket"].ClickAsync();
        await Expect(visit["basket-count"]).ToHaveTextAsync("3");
        await visit["to-checkout"].ClickAsync();
        await visit["to-sign-up"].ClickAsync();
        await visit.FillSignUpAsync();
        await visit["country"].SelectOptionAsync("DE");
        await visit.Page.GetByRole(Microsoft.Playwright.AriaRole.Button, new() { Name = "Show delivery prices" }).ClickAsync();
        await Expect(visit["country"]).ToHaveValueAsync("DE");
        await visit.CheckOutAsync("tok_ok", "express");
        // The page asks for itself again, by its own refresh.
        await visit.SeesOrderAsync("delivered");
    }
}
