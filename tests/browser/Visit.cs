using System.Collections.Concurrent;
using DaprShop.EndToEnd.Tests;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DaprShop.Browser.Tests;

/// <summary>A visitor with a browser of their own, and what people do again and again. Ends only when the browser has complained of nothing.</summary>
public sealed class Visit : IAsyncDisposable
{
    private readonly Shop _shop;
    private readonly IBrowserContext _context;
    private readonly ConcurrentQueue<string> _complaints = new();

    internal Visit(Shop shop, IBrowserContext context, IPage page)
    {
        (_shop, _context, Page) = (shop, context, page);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning") _complaints.Enqueue($"{page.Url}: {message.Text}");
        };
        page.PageError += (_, error) => _complaints.Enqueue($"{page.Url}: {error}");
        page.RequestFailed += (_, request) =>
        {
            // Leaving a page calls off what it is still waiting for.
            if (request.Failure != "net::ERR_ABORTED") _complaints.Enqueue($"{request.Url}: {request.Failure}");
        };
        page.Response += (_, response) =>
        {
            if (response.Status >= 500) _complaints.Enqueue($"{response.Url}: {response.Status}");
        };
    }

    public IPage Page { get; }

    public ILocator this[string testId] => Page.GetByTestId(testId);

    public async Task<Visit> OpenAsync(string path)
    {
        await Page.GotoAsync(path);
        return this;
    }

    /// <summary>A new account; leaves the visitor signed in, where they wanted to go.</summary>
    public async Task SignUpAsync()
    {
        await OpenAsync("/sign-up");
        await FillSignUpAsync();
        await Expect(this["nav-sign-out"]).ToBeVisibleAsync();
    }

    public async Task FillSignUpAsync()
    {
        await this["display-name"].FillAsync("Ann Example");
        await this["email"].FillAsync($"{Guid.NewGuid():N}@example.com");
        await this["password"].FillAsync(Shop.Password);
        await this["sign-up"].ClickAsync();
    }

    public async Task SignInAsStaffAsync()
    {
        await OpenAsync("/sign-in");
        await this["email"].FillAsync(Shop.StaffEmail);
        await this["password"].FillAsync(_shop.StaffPassword);
        await this["sign-in"].ClickAsync();
        await Expect(this["nav-staff"]).ToBeVisibleAsync();
    }

    public async Task PutIntoBasketAsync(string productId, int quantity = 1)
    {
        await OpenAsync($"/products/{productId}");
        await this["quantity"].FillAsync($"{quantity}");
        await this["add-to-basket"].ClickAsync();
        await Expect(this["basket-line"]).ToHaveCountAsync(1);
    }

    /// <summary>From the filled basket to the page of the order.</summary>
    /// <param name="card">A token of the test payment provider.</param>
    /// <param name="method"><c>standard</c> or <c>express</c>.</param>
    public async Task CheckOutAsync(string card, string method = "standard")
    {
        if (!Page.Url.EndsWith("/checkout", StringComparison.Ordinal)) await OpenAsync("/checkout");
        await this["recipient"].FillAsync("Ann Example");
        await this["line1"].FillAsync("1 Main St");
        await this["postal-code"].FillAsync("12345");
        await this["city"].FillAsync("Springfield");
        await this[$"method-{method}"].CheckAsync();
        await this[$"pay-{card}"].CheckAsync();
        await this["place-order"].ClickAsync();
        // Arrived is arrived: without a script the page may ask for itself again before all of it was loaded.
        await Page.WaitForURLAsync("**/orders/*", new() { WaitUntil = WaitUntilState.Commit });
    }

    /// <summary>The order on the page gets there without the visitor's doing.</summary>
    public Task SeesOrderAsync(string status) => Expect(this["order-status"]).ToHaveAttributeAsync("data-status", status);

    public async ValueTask DisposeAsync()
    {
        await _context.DisposeAsync();
        Assert.Empty(_complaints);
    }
}
