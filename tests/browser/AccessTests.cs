using System.Text.Json;
using static Microsoft.Playwright.Assertions;

namespace DaprShop.Browser.Tests;

/// <summary>The least that people with a keyboard only, or who listen to pages, need.</summary>
public sealed class AccessTests(Browser browser)
{
    /// <summary>What is wrong with the page as it stands, one sentence each.</summary>
    private const string Audit = """
        () => {
          const wrong = [];
          const check = (holds, what) => { if (!holds) wrong.push(what); };
          const name = element => (element.getAttribute('aria-label') || element.title
            || [...(element.labels ?? [])].map(label => label.innerText).join(' ') || element.innerText || '').trim();
          check(document.documentElement.lang === 'en', 'the language is not told');
          check(document.title.trim().length > 0, 'no title');
          check(document.querySelectorAll('h1').length === 1, `${document.querySelectorAll('h1').length} main headings`);
          check(document.querySelectorAll('main').length === 1, 'no main part');
          for (const image of document.images) check(image.hasAttribute('alt'), `an image without text: ${image.src}`);
          for (const field of document.querySelectorAll('input:not([type=hidden]), select, textarea, button, a[href]'))
            check(name(field), `nameless: ${field.outerHTML.slice(0, 120)}`);
          const ids = [...document.querySelectorAll('[id]')].map(element => element.id);
          check(new Set(ids).size === ids.length, 'an id is there twice');
          for (const focusable of document.querySelectorAll('[tabindex]')) check(focusable.tabIndex <= 0, 'an order of its own for the Tab key');
          check(document.documentElement.scrollWidth <= window.innerWidth, 'wider than the window');
          return wrong;
        }
        """;

    [Fact]
    public async Task Every_page_names_its_parts()
    {
        await using var visit = await browser.VisitAsync();
        foreach (var path in new[] { "/", "/?search=nothing-like-it", "/products/kettle-01", "/basket", "/sign-in", "/sign-up" }) await AuditAsync(visit, path);
        await visit.SignUpAsync();
        await visit.PutIntoBasketAsync("kettle-01");
        foreach (var path in new[] { "/basket", "/checkout", "/orders", "/notifications", "/sign-out" }) await AuditAsync(visit, path);
        await visit.CheckOutAsync("tok_declined");
        await visit.SeesOrderAsync("rejected");
        await AuditAsync(visit, new Uri(visit.Page.Url).AbsolutePath);
    }

    [Fact]
    public async Task So_does_every_page_of_the_staff()
    {
        await using var visit = await browser.VisitAsync();
        await visit.SignInAsStaffAsync();
        foreach (var path in new[] { "/staff", "/staff/products/kettle-01", "/staff/new-product", "/staff/orders", "/staff/dead-letters" })
            await AuditAsync(visit, path);
    }

    [Fact]
    public async Task The_narrowest_telephone_shows_all_of_it()
    {
        await using var visit = await browser.VisitAsync();
        await visit.Page.SetViewportSizeAsync(320, 640);
        foreach (var path in new[] { "/", "/products/kettle-01", "/basket", "/sign-in" }) await AuditAsync(visit, path);
    }

    [Fact]
    public async Task A_keyboard_is_enough_to_skip_to_the_content_and_to_sign_in()
    {
        await using var visit = await browser.VisitAsync();
        var keyboard = (await visit.OpenAsync("/")).Page.Keyboard;
        await keyboard.PressAsync("Tab");
        await Expect(visit.Page.Locator(":focus")).ToHaveTextAsync("Skip to the content");
        await keyboard.PressAsync("Enter");
        await Expect(visit.Page.Locator("#main")).ToBeFocusedAsync();

        var member = (await browser.Shop.NewMemberAsync()).Credentials!;
        await visit.OpenAsync("/sign-in");
        await visit["email"].FocusAsync();
        await keyboard.TypeAsync(member.Email);
        await keyboard.PressAsync("Tab");
        await keyboard.TypeAsync(member.Password);
        await keyboard.PressAsync("Tab");
        await keyboard.PressAsync("Enter");
        await Expect(visit["nav-sign-out"]).ToBeVisibleAsync();
    }

    private static async Task AuditAsync(Visit visit, string path)
    {
        await visit.OpenAsync(path);
        var wrong = await visit.Page.EvaluateAsync<JsonElement>(Audit);
        Assert.True(wrong.GetArrayLength() == 0, $"{path}: {string.Join("; ", wrong.EnumerateArray().Select(item => item.GetString()))}");
    }
}
