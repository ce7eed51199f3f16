using DaprShop.EndToEnd.Tests;
using DaprShop.Testing.Telemetry;

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
    private OtlpReceiver? _telemetry;

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

    /// <summary>What its services tell. Skips the test when it is somebody else's, or one process, where nobody is told apart.</summary>
    public OtlpReceiver Telemetry
    {
        get
        {
            RequireOwn();
            Assert.SkipWhen(_telemetry is null, "Services in one process are not told apart.");
            return _telemetry!;
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
            if (!LocalShop.IsInProcess) _telemetry = await OtlpReceiver.StartAsync();
            // Nothing comes to an end, and no parcel leaves by itself, because a machine is slow.
            _own = await LocalShop.StartAsync(
            [
                ("Ordering__StepBudget", "00:00:25"), ("Shipping__DispatchAfter", "00:10:00"),
                .. (_telemetry?.Settings ?? []).Select(setting => (setting.Key, setting.Value)),
            ]);
            Shop = _own.Shop;
        }
    }

    /// <summary>For tests that stop services or start shops: not with somebody else's shop.</summary>
    public static void RequireOwn() => Assert.SkipWhen(s_url is not null, "The shop at SHOP_URL is not the test's to stop.");

    public async ValueTask DisposeAsync()
    {
        if (_own is not null) await _own.DisposeAsync();
        else Shop?.Dispose();
        if (_telemetry is not null) await _telemetry.DisposeAsync();
    }
}
