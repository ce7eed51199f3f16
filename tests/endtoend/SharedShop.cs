using DaprShop.EndToEnd.Tests;

[assembly: AssemblyFixture(typeof(SharedShop))]

namespace DaprShop.EndToEnd.Tests;

/// <summary>
/// The shop that most tests share: the one at <c>SHOP_URL</c> (with <c>SHOP_STAFF_PASSWORD</c>), however it was started, or else one of
/// the tests' own.
/// </summary>
public sealed class SharedShop : IAsyncLifetime
{
    private static readonly string? s_url = Environment.GetEnvironmentVariable("SHOP_URL");

    private LocalShop? _own;

    public Shop Shop { get; private set; } = null!;

    /// <summary>The shop from the inside. Skips the test when it is somebody else's.</summary>
    public LocalShop Own
    {
        get
        {
            RequireOwn();
            return _own!;
        }
    }

    public async ValueTask InitializeAsync()
    {
        if (s_url is not null)
        {
            Shop = new Shop(new Uri(s_url), Environment.GetEnvironmentVariable("SHOP_STAFF_PASSWORD") ?? "Staff-1234!");
            await OpenForBusiness.WaitAsync(Shop);
        }
        else
        {
            _own = await LocalShop.StartAsync();
            Shop = _own.Shop;
        }
    }

    /// <summary>For tests that stop services or start shops: not with somebody else's shop.</summary>
    public static void RequireOwn() => Assert.SkipWhen(s_url is not null, "The shop at SHOP_URL is not the test's to stop.");

    public async ValueTask DisposeAsync()
    {
        if (_own is not null) await _own.DisposeAsync();
        else Shop?.Dispose();
    }
}
