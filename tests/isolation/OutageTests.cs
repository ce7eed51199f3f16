using System.Net;
using System.Text.Json;
using DaprShop.Contracts;
using DaprShop.EndToEnd.Tests;

namespace DaprShop.Isolation.Tests;

/// <summary>
/// Each service goes away in turn, in a shop of nine processes: what the table of <see cref="Outage"/> does not name works on, what it names
/// is a 503 that says when to try again, and once the service is back all is well without a hand: every order accepted in the meantime is
/// confirmed and paid once. Heavy: runs with <c>DAPRSHOP_ISOLATION=1</c>, as in <c>.ci/run</c>.
/// </summary>
public sealed class OutageTests(OutageTests.Fixture fixture) : IClassFixture<OutageTests.Fixture>
{
    private const int Plenty = 1000;

    /// <summary>Nobody waits longer for an answer, whatever it is.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    public static TheoryData<string> Services => [.. Outage.All.Select(outage => outage.Service)];

    [Theory, MemberData(nameof(Services))]
    public async Task A_service_that_is_away_takes_only_its_own_with_it_and_comes_back_by_itself(string service)
    {
        var outage = Outage.All.Single(row => row.Service == service);
        var scene = await fixture.SceneAsync();
        var local = scene.Local;
        var underWay = await scene.Member.SubmitAsync(scene.Product.Id, token: "tok_slow");
        scene.Accepted.Add((scene.Member, underWay));

        await local.StopAsync(service);
        // A slow machine may be through with the order before the service is away.
        while (outage.OrdersUnderWay == Fate.Waits && service != "ordering"
            && (await scene.Member.OrderOfAsync(underWay.Id)).Status == "confirmed")
        {
            await local.StartAsync(service);
            underWay = await scene.Member.SubmitAsync(scene.Product.Id, token: "tok_slow");
            scene.Accepted.Add((scene.Member, underWay));
            await local.StopAsync(service);
        }

        await scene.TryAllAsync(outage.Refused);
        await HealthNamesAsync(local.Shop, service);
        if (outage.OrdersUnderWay == Fate.Finishes) await scene.Member.UntilAsync(underWay.Id, "confirmed");
        else if (service != "ordering") Assert.NotEqual("confirmed", (await scene.Member.OrderOfAsync(underWay.Id)).Status);
        await local.StartAsync(service);

        await Eventually.Async(() => local.Shop.Anonymous.GetAsync("/health").ReadAsync<JsonElement>(), _ => true, "all services up");
        await scene.AllWorksAsync();
        await scene.SettledAsync();
    }

    /// <summary>The shop's own view names the service, and no other; without web there is none.</summary>
    private static async Task HealthNamesAsync(Shop shop, string service)
    {
        if (service == "web")
        {
            await shop.Anonymous.GetAsync("/health").ProblemAsync(503);
            return;
        }

        // Who does not answer at once is taken to be away.
        await Eventually.Async(
            async () => (await shop.Anonymous.GetAsync("/health").ReadAsync<JsonElement>(HttpStatusCode.ServiceUnavailable)).GetProperty("services")
                .EnumerateObject().Where(state => state.Value.GetString() == "down").Select(state => state.Name).ToList(),
            names => names is [var only] && only == service, $"{service} alone to be seen to be away");
    }

    /// <summary>A shop for all rows, so that one outage after the other hits the same one.</summary>
    public sealed class Fixture : IAsyncDisposable
    {
        private Task<Scene>? _scene;

        public Task<Scene> SceneAsync()
        {
            Assert.SkipUnless(Environment.GetEnvironmentVariable("DAPRSHOP_ISOLATION") == "1", "Takes a minute or two: DAPRSHOP_ISOLATION=1 runs it.");
            return _scene ??= Scene.OpenAsync();
        }

        public async ValueTask DisposeAsync()
        {
            if (_scene is not null) await (await _scene).Local.DisposeAsync();
        }
    }

    /// <summary>Who does what in the shop, and every order that it accepted from them.</summary>
    public sealed record Scene(LocalShop Local, ShopClient Member, ShopClient Shopper, ProductDoc Product, Abilities Abilities)
    {
        private int _ordered;

        /// <summary>Not seen to be settled yet.</summary>
        public List<(ShopClient Owner, Order Order)> Accepted { get; } = [];

        public static async Task<Scene> OpenAsync()
        {
            // Saga and rates have more time than the slowest machine needs for a row: how they end when it is up is told elsewhere.
            var local = await LocalShop.StartAsync(("Ordering__StepBudget", "00:05:00"), ("Ordering__RatesAreGoodFor", "01:00:00"));
            var shop = local.Shop;
            var product = await shop.NewProductAsync(stock: Plenty);
            var (member, shopper, staff) = (await shop.NewMemberAsync(), await shop.NewMemberAsync(), await shop.StaffAsync());
            var done = await member.OrderAsync(product.Id);
            var scene = new Scene(local, member, shopper, product, new Abilities(shop, member, shopper, staff, product, done));
            scene.Accepted.Add((member, done));
            // From here on every service has read a token, and the shipment is known to all.
            await scene.AllWorksAsync();
            await scene.SettledAsync();
            return scene;
        }

        /// <summary>Does all there is to do, once each.</summary>
        /// <param name="refused">What must be 503; all else must work.</param>
        public async Task TryAllAsync(IReadOnlyCollection<string> refused)
        {
            Assert.Empty(refused.Except(Abilities.All.Keys));
            foreach (var (name, ability) in Abilities.All)
            {
                if (refused.Contains(name))
                {
                    await InTimeAsync(name, ability.Request().ProblemAsync(503));
                    continue;
                }

                using var response = await InTimeAsync(name, ability.Request());
                var body = await response.Content.ReadAsStringAsync();
                Assert.True(response.IsSuccessStatusCode, $"{name}: {(int)response.StatusCode} {body}");
                if (response.StatusCode == HttpStatusCode.Accepted)
                    Accepted.Add((ability.Who!, JsonSerializer.Deserialize<Order>(body, JsonSerializerOptions.Web)!));
            }
        }

        public Task AllWorksAsync() => Eventually.Async(
            async () =>
            {
                await TryAllAsync([]);
                return true;
            },
            worked => worked, "everything to work");

        /// <summary>Every order accepted was confirmed, paid once, taken out of stock once and told once, and its lines left the basket.</summary>
        public async Task SettledAsync()
        {
            foreach (var (owner, order) in Accepted)
            {
                await owner.UntilAsync(order.Id, "confirmed");
                var payment = await owner.PaymentOfAsync(order.Id);
                Assert.Equal((order.Total.Amount, 0L), (payment.Captured, payment.Refunded));
                await Eventually.Async(
                    () => owner.GetAsync("/api/notifications?pageSize=100").ReadAsync<Page<NotificationDoc>>(),
                    told => told.Items.Count(message => message.OrderId == order.Id && message.Kind == "orderConfirmed") == 1,
                    $"one message about {order.Id}");
            }

            _ordered += Accepted.Count;
            Accepted.Clear();
            await Local.Shop.UntilStockAsync(Product.Id, Plenty - _ordered, reserved: 0);
            await Eventually.Async(
                () => Shopper.GetAsync("/api/basket").ReadAsync<BasketView>(), basket => basket.Items.Count == 0, "the basket to be empty");
        }

        private static async Task<T> InTimeAsync<T>(string name, Task<T> answer)
        {
            try
            {
                return await answer.WaitAsync(s_patience);
            }
            catch (TimeoutException)
            {
                throw new TimeoutException($"{name}: no answer within {s_patience.TotalSeconds} s");
            }
        }
    }
}
