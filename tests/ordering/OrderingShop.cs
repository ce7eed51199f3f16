using System.Net.Http.Json;
using System.Text.Json;
using DaprShop.Common;
using DaprShop.Testing;

namespace DaprShop.Ordering.Tests;

/// <summary>
/// The ordering service beside a sidecar, with played peers and short pauses; one for a class of tests. Each test has its own members. A
/// step is tried for as long as a slow machine needs.
/// </summary>
public sealed class OrderingShop : IAsyncLifetime
{
    public static readonly JsonSerializerOptions Json = ShopDefaults.CreateJsonOptions();

    private ShopHost? _host;

    public Peers Peers { get; } = new();

    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    public TimeSpan StepBudget { get; init; } = TimeSpan.FromMinutes(5);

    public ShopHost Host => _host!;

    public async ValueTask InitializeAsync() => _host = await ShopHost.StartAsync(shop =>
    {
        Peers.Join(shop);
        shop.Service("ordering", OrderingService.Create, null,
            ("Ordering:CallTimeout", $"{CallTimeout}"), ("Ordering:StepBudget", $"{StepBudget}"), ("Ordering:FirstRetry", "00:00:00.02"),
            ("Ordering:LongestRetry", "00:00:00.2"), ("Ordering:ReminderPeriod", "00:00:01"), ("Ordering:WatchInterval", "00:00:00.3"));
    });

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    public Member NewMember()
    {
        var id = Guid.CreateVersion7().ToString();
        return new Member(id, this, Host.Client("ordering", Host.Token(id)));
    }

    public HttpClient Staff() => Host.Client("ordering", Host.StaffToken());

    public Task Eventually(Func<bool> holds, string what) => ShopHost.EventuallyAsync(() => Task.FromResult(holds()), what);
}

/// <summary>A signed-in member who orders.</summary>
public sealed record Member(string Id, OrderingShop Shop, HttpClient Http)
{
    public static object Order(string productId = "kettle-01", string token = "tok_ok", string country = "US", int quantity = 2) => new
    {
        items = new[] { new { productId, quantity } },
        shippingAddress = new { recipient = "Ann", line1 = "1 Main St", city = "Springfield", postalCode = "12345", country },
        shippingMethod = "standard",
        paymentToken = token,
    };

    public async Task<HttpResponseMessage> Post(object body, string? key = null, int? wait = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/api/orders") { Content = JsonContent.Create(body) };
        request.Headers.Add("Idempotency-Key", key ?? Guid.NewGuid().ToString());
        if (wait is not null) request.Headers.Add("Prefer", $"wait={wait}");
        return await Http.SendAsync(request);
    }

    /// <summary>Places an order and waits for its rest.</summary>
    public async Task<OrderView> Place(object? body = null)
    {
        var response = await Post(body ?? Order(), wait: 30);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        var order = await Read<OrderView>(response);
        if (!order.Status.IsRest())
            await Testing.ShopHost.EventuallyAsync(async () => (order = await Get(order.Id)).Status.IsRest(), $"order {order.Id} to rest");
        return order;
    }

    public async Task<OrderView> Get(string orderId) => await Read<OrderView>(await Http.GetAsync($"/api/orders/{orderId}"));

    public Task Becomes(string orderId, OrderStatus status) =>
        Testing.ShopHost.EventuallyAsync(async () => (await Get(orderId)).Status == status, $"order {orderId} to be {status}");

    public Task<HttpResponseMessage> Cancel(string orderId) => Http.PostAsync($"/api/orders/{orderId}/cancel", null);

    public static async Task<T> Read<T>(HttpResponseMessage response) =>
        (await response.Content.ReadFromJsonAsync<T>(OrderingShop.Json))!;
}
