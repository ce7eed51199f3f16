using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using DaprShop.Contracts;
using DaprShop.Testing;

namespace DaprShop.Notification.Tests;

public sealed class NotificationHost : IAsyncLifetime
{
    public ShopHost Shop { get; private set; } = null!;

    public async ValueTask InitializeAsync() =>
        Shop = await ShopHost.StartAsync(shop => shop.Service("notification", NotificationService.Create));

    public ValueTask DisposeAsync() => Shop.DisposeAsync();
}

public sealed class NotificationApiTests(NotificationHost host) : IClassFixture<NotificationHost>
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly string _member = Guid.NewGuid().ToString();

    [Fact]
    public async Task Nothing_has_happened_yet()
    {
        var list = await ListAsync();
        Assert.Equal((0, 0, 1, 20), (Items(list).Count, Number(list, "total"), Number(list, "page"), Number(list, "pageSize")));
    }

    [Fact]
    public async Task A_member_is_told_of_what_concerns_them_newest_first()
    {
        await TellAsync(Topics.MembersRegistered, new MemberRegistered($"member-{_member}-registered", s_start, _member));
        await TellAsync(Topics.OrdersConfirmed, Order("o-1", 5, "confirmed"));
        await TellAsync(Topics.OrdersShipped, Order("o-1", 6, "shipped"));
        await TellAsync(Topics.OrdersRejected, Order("o-2", 7, "rejected", "outOfStock"));
        await TellAsync(Topics.PaymentRefunded,
            new PaymentChanged("payment-o-1-refunded", s_start.AddMinutes(8), "o-1", _member, "refunded", new(1, "USD")));

        var items = Items(await ListAsync());
        var ids = items.Select(item => item.GetProperty("id").GetGuid()).ToList();
        Assert.All(ids, id => Assert.Equal(7, id.Version));
        Assert.Equal(ids.OrderDescending(), ids);
        Assert.Equal(ids, Items(await ListAsync()).Select(item => item.GetProperty("id").GetGuid()));
        Assert.Equal(
            ["paymentRefunded", "orderRejected", "orderShipped", "orderConfirmed", "welcome"],
                items.Select(item => item.GetProperty("kind").GetString()));
        Assert.Equal(["createdAt", "id", "kind", "orderId", "text", "title"],
            items[1].EnumerateObject().Select(field => field.Name).Order());
        Assert.Equal("o-2", items[1].GetProperty("orderId").GetString());
        Assert.Contains("out of stock", items[1].GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.False(items[4].TryGetProperty("orderId", out _));
    }

    [Fact]
    public async Task An_event_is_told_once_even_when_it_comes_many_times_at_once_and_after_a_restart()
    {
        var confirmed = Order("o-1", 5, "confirmed");
        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => TellAsync(Topics.OrdersConfirmed, confirmed)));
        await host.Shop.RestartAsync("notification");
        await TellAsync(Topics.OrdersConfirmed, confirmed);
        Assert.Single(Items(await ListAsync()));
    }

    [Fact]
    public async Task Events_at_once_are_all_told_and_old_pages_can_be_read()
    {
        const int Count = 75;
        var events = Enumerable.Range(0, Count).Select(number => Order($"o-{number:00}", number, "confirmed")).ToArray();
        await TellAsync(Topics.OrdersConfirmed, events[..50]);
        for (var at = 50; at < Count; at += 5)
            await Task.WhenAll(events[at..(at + 5)].Select(confirmed => TellAsync(Topics.OrdersConfirmed, confirmed)));

        List<string?> expected = [.. Enumerable.Range(0, Count).Reverse().Select(number => $"o-{number:00}")];
        var all = new List<string?>();
        for (var page = 1; all.Count < Count; page++)
        {
            var list = await ListAsync($"?page={page}&pageSize=20");
            Assert.Equal((Count, page, 20), (Number(list, "total"), Number(list, "page"), Number(list, "pageSize")));
            all.AddRange(Items(list).Select(item => item.GetProperty("orderId").GetString()));
        }
        Assert.Equal(expected, all);
        Assert.Empty(Items(await ListAsync("?page=5&pageSize=20")));
        Assert.Empty(Items(await ListAsync($"?page={int.MaxValue}&pageSize=100")));
        Assert.Equal(Count, Items(await ListAsync("?pageSize=100")).Count);
    }

    [Theory]
    [InlineData("?page=0")]
    [InlineData("?page=-1")]
    [InlineData("?page=x")]
    [InlineData("?pageSize=0")]
    [InlineData("?pageSize=101")]
    public async Task A_wrong_page_is_400(string query) => await
        ProblemAsync(await host.Shop.Client("notification", host.Shop.Token(_member)).GetAsync($"/api/notifications{query}"),
            HttpStatusCode.BadRequest);

    [Fact]
    public async Task Members_see_only_their_own()
    {
        await TellAsync(Topics.OrdersConfirmed, Order("o-1", 5, "confirmed"));
        var other = host.Shop.Client("notification", host.Shop.Token(Guid.NewGuid().ToString()));
        Assert.Empty(Items(await other.GetFromJsonAsync<JsonElement>("/api/notifications")));
        await ProblemAsync(await host.Shop.Client("notification").GetAsync("/api/notifications"), HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Events_come_through_the_broker()
    {
        var orders = Enumerable.Range(0, 5).Select(number => Order($"o-{number}", number, "confirmed")).ToList();
        foreach (var order in orders.Concat(orders)) await host.Shop.PublishAsync(Topics.OrdersConfirmed, order, order.EventId);
        await host.Shop.PublishAsync(Topics.OrdersShipped, Order("o-0", 9, "shipped"));
        await ShopHost.EventuallyAsync(async () => Number(await ListAsync(), "total") == 6);
        Assert.Equal("orderShipped", Items(await ListAsync())[0].GetProperty("kind").GetString());
    }

    [Fact]
    public async Task Events_come_from_the_sidecar_only_and_malformed_ones_are_refused()
    {
        await ProblemAsync(
            await host.Shop.Client("notification").PostAsJsonAsync($"/events/{Topics.OrdersConfirmed}", Order("o-1", 5, "confirmed")),
            HttpStatusCode.Unauthorized);
        await ProblemAsync(
            await host.Shop.SidecarClient("notification").PostAsync(
                $"/events/{Topics.OrdersConfirmed}", new StringContent("{}", Encoding.UTF8, "application/json")),
            HttpStatusCode.BadRequest);
    }

    private OrderChanged Order(string orderId, int minute, string status, string? reason = null) => new(
        $"order-{_member}-{orderId}-{minute}", s_start.AddMinutes(minute), orderId, _member, minute, status, [], new(1, "USD"), reason);

    private async Task TellAsync<T>(string topic, params T[] data)
    {
        var delivery = new { entries = data.Select((each, at) => new { entryId = $"{at}", @event = new { data = each } }) };
        var response = await host.Shop.SidecarClient("notification").PostAsJsonAsync($"/events/{topic}", delivery);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.DoesNotContain("RETRY", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private Task<JsonElement> ListAsync(string query = "") =>
        host.Shop.Client("notification", host.Shop.Token(_member)).GetFromJsonAsync<JsonElement>($"/api/notifications{query}");

    private static List<JsonElement> Items(JsonElement list) => [.. list.GetProperty("items").EnumerateArray()];

    private static int Number(JsonElement list, string field) => list.GetProperty(field).GetInt32();

    private static async Task ProblemAsync(HttpResponseMessage response, HttpStatusCode status)
    {
        Assert.Equal(status, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
    }
}
