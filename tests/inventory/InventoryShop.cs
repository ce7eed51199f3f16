using System.Collections.Concurrent;
using System.Net.Http.Json;
using DaprShop.Common;
using DaprShop.Contracts;
using DaprShop.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace DaprShop.Inventory.Tests;

/// <summary>The inventory service beside a sidecar, with a clock and a seed of the test's, and someone who hears all it says.</summary>
public sealed class InventoryShop : IAsyncLifetime
{
    /// <summary>Each test takes products of its own, ten pieces of each.</summary>
    private const int Products = 200;

    private int _products;

    public ConcurrentQueue<StockChanged> Heard { get; } = [];

    public FakeTimeProvider Clock { get; } = new(DateTimeOffset.UtcNow);

    public ShopHost Host { get; private set; } = null!;

    /// <summary>The caller that the saga is.</summary>
    public HttpClient Sidecar { get; private set; } = null!;

    public HttpClient Staff { get; private set; } = null!;

    public HttpClient Anyone { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Host = await ShopHost.StartAsync(Configure);
        Sidecar = Host.SidecarClient("inventory");
        Staff = Host.Client("inventory", Host.StaffToken());
        Anyone = Host.Client("inventory");
    }

    private void Configure(ShopHostOptions shop) => shop
        .Service("inventory", InventoryService.Create, builder => builder.Services
            .AddSingleton<TimeProvider>(Clock)
            .AddSingleton(new SeedStock(Enumerable.Range(1, Products).ToDictionary(i => $"p-{i}", _ => 10))))
        .Fake("ear", app => app.MapPost("/events/stock", (StockChanged changed) => Heard.Enqueue(changed))
            .WithTopic(Publishing.PubSub, Topics.InventoryStockChanged));

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    public static string NewOrder() => Guid.CreateVersion7().ToString();

    /// <summary>A seed product no other test touches; ten pieces.</summary>
    public string NewProduct() => $"p-{Interlocked.Increment(ref _products)}";

    public Task<HttpResponseMessage> SendAsync(string orderId, string command, object body) =>
        Sidecar.PostAsJsonAsync($"/internal/reservations/{orderId}{command}", body);

    public Task<StockReply> ReserveAsync(string orderId, params (string ProductId, int Quantity)[] lines) =>
        AskAsync(orderId, "", new ReserveStock(Lines(lines), Clock.GetUtcNow().AddMinutes(10)));

    public Task<StockReply> CommitAsync(string orderId, params (string ProductId, int Quantity)[] lines) =>
        AskAsync(orderId, "/commit", new StockLines(Lines(lines)));

    public Task<StockReply> ReleaseAsync(string orderId, params (string ProductId, int Quantity)[] lines) =>
        AskAsync(orderId, "/release", new StockLines(Lines(lines)));

    public async Task<StockLevel> LevelAsync(string productId) =>
        (await Anyone.GetFromJsonAsync<StockLevel>($"/api/inventory/{productId}"))!;

    private async Task<StockReply> AskAsync(string orderId, string command, object body)
    {
        using var response = await SendAsync(orderId, command, body);
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync<StockReply>())!;
    }

    private static StockLine[] Lines((string ProductId, int Quantity)[] lines) =>
        [.. lines.Select(line => new StockLine(line.ProductId, line.Quantity))];
}
