using DaprShop.Browser.Tests;
using DaprShop.EndToEnd.Tests;
using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(Browser))]

namespace DaprShop.Browser.Tests;

/// <summary>
/// A Chromium that is installed already (nothing is downloaded; <c>CHROMIUM</c> names one elsewhere) and a shop to visit: the one at
/// <c>SHOP_URL</c>, or else one of the tests' own, whose couriers hurry. Without a Chromium the tests are skipped, but in CI they fail.
/// </summary>
public sealed class Browser : IAsyncDisposable
{
    private static readonly string? s_url = Environment.GetEnvironmentVariable("SHOP_URL");

    /// <summary>How long anything may take on a busy machine.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private static readonly string[] s_places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    private readonly SemaphoreSlim _opening = new(1);
    private IPlaywright? _playwright;
    private IBrowser? _chromium;
    private LocalShop? _own;
    private Shop? _shop;

    public Shop Shop => _shop!;

    /// <summary>The shop from the inside. Skips the test when it is somebody else's.</summary>
    public LocalShop Own
    {
        get
        {
            Assert.SkipWhen(_own is null, "The shop at SHOP_URL lets nobody in.");
            return _own;
        }
    }

    /// <summary>Somebody new, who has not been here before.</summary>
    public async Task<Visit> VisitAsync(bool withScript = true)
    {
        await OpenAsync();
        var context = await _chromium!.NewContextAsync(new()
        {
            BaseURL = Shop.Url.ToString(),
            JavaScriptEnabled = withScript,
            Locale = "en-US",
            // A page that goes while another still fades into it has an error of the browser's own, and only tests are that quick.
            ReducedMotion = ReducedMotion.Reduce,
        });
        context.SetDefaultTimeout((float)s_patience.TotalMilliseconds);
        return new Visit(Shop, context, await context.NewPageAsync());
    }

    public async ValueTask DisposeAsync()
    {
        if (_chromium is not null) await _chromium.DisposeAsync();
        _playwright?.Dispose();
        if (_own is not null) await _own.DisposeAsync();
        else _shop?.Dispose();
        _opening.Dispose();
    }

    private async Task OpenAsync()
    {
        var program = Environment.GetEnvironmentVariable("CHROMIUM") ?? s_places.FirstOrDefault(File.Exists);
        Assert.SkipWhen(program is null && Environment.GetEnvironmentVariable("CI") != "true", "There is no Chromium here; CHROMIUM names one.");
        Assert.True(program is not null, "There is no Chromium here; CHROMIUM names one.");
        await _opening.WaitAsync();
        try
        {
            if (_shop is not null) return;
            var opening = OpenShopAsync();
            Assertions.SetDefaultExpectTimeout((float)s_patience.TotalMilliseconds);
            _playwright = await Playwright.CreateAsync();
            _chromium = await _playwright.Chromium.LaunchAsync(new()
            {
                ExecutablePath = program,
                Args =
                [
                    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                    "--disable-component-update", "--disable-sync",
                ],
            });
            _shop = await opening;
        }
        finally
        {
            _opening.Release();
        }
    }

    private async Task<Shop> OpenShopAsync()
    {
        if (s_url is not null) return new Shop(new Uri(s_url), Environment.GetEnvironmentVariable("SHOP_STAFF_PASSWORD") ?? "Staff-1234!");
        // A busy machine is no reason to tell a visitor that something is away.
        _own = await LocalShop.StartInProcessAsync(
            ("Shipping__DispatchAfter", "00:00:10"), ("Shipping__DeliverAfter", "00:00:01"), ("Web__TimeLimit", "00:00:30"));
        return _own.Shop;
    }
}
