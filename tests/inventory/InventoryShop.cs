using System.Collections.Concurrent;
using System.Net.Http.Json;
using DaprShop.Common;
using DaprShop.Contracts;
using DaprShop.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace DaprShop.Inventory.Tests;

/// <summary>The inventory service beside a sidecar, with a clock and a seed of the test's, and someone who hears all it says.</summary>
public sealed class InventoryShop : IAsyncLifetime
{
    /// <summary>Each test takes products of its own, ten pieces of each.</summary>
    private const int Products = 200;

    private int _products;
    private string[] _arguments = [];
    private WebApplication _service = null!;

    public ConcurrentQueue<StockChanged> Heard { get; } = [];

    public FakeTimeProvider Clock { get; } = new(DateTimeOffset.UtcNow);

    /// <summary>True for lives of the service that die before they tell anything.</summary>
    public bool Mute { get; set; }

    public ShopHost Host { get; private set; } = null!;

    /// <summary>The caller that the saga is.</summary>
    public HttpClient Sidecar { get; private set; } = null!;

    public HttpClient Staff { get; private set; } = null!;

    public HttpClient Anyone { get; private set; } = null!;

    /// <summary>The service's documents.</summary>
    public StateStore Store => _service.Services.GetRequiredService<StateStore>();

    /// <summary>What the catalogue sells and has told nobody of.</summary>
    public ConcurrentBag<string> Sold { get; } = [];

    public bool IsCatalogAway { get; set; }

    public SeedStock Seed { get; } = new(Enumerable.Range(1, Products).ToDictionary(i => $"p-{i}", _ => 10));

    public async ValueTask InitializeAsync()
    {
        Host = await ShopHost.StartAsync(Configure);
        Sidecar = Host.SidecarClient("inventory");
        Staff = Host.Client("inventory", Host.StaffToken());
        Anyone = Host.Client("inventory");
    }

    /// <summary>Another instance of the service, at the same sidecar and so on the same store.</summary>
    public async Task<Replica> StartReplicaAsync()
    {
        var service = InventoryService.Create([.. _arguments, "--urls=http://127.0.0.1:0"], ConfigureService);
        await service.StartAsync();
        return new Replica(service, new HttpClient
        {
            BaseAddress = new Uri(service.Urls.Single()),
            DefaultRequestHeaders = { { "dapr-api-token", Sidecar.DefaultRequestHeaders.GetValues("dapr-api-token") } },
        });
    }

    private void Configure(ShopHostOptions shop) => shop
        .Service(
            "inventory",
            (arguments, configure) => _service = InventoryService.Create(_arguments = arguments, configure),
            ConfigureService)
        .Fake("catalog", app => app.MapGet("/internal/products", (string ids) => IsCatalogAway
            ? Results.StatusCode(StatusCodes.Status503ServiceUnavailable)
            : Results.Ok(Sold.Contains(ids) ? [new ProductQuote(ids, "New", Money.Zero("USD"), 1, 1, "")] : Array.Empty<ProductQuote>())))
        .Fake("ear", app => app.MapPost("/events/stock", (StockChanged changed) => Heard.Enqueue(changed))
            .WithTopic(Publishing.PubSub, Topics.InventoryStockChanged));

    private void ConfigureService(WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<TimeProvider>(Clock).AddSingleton(Seed);
        if (Mute) builder.Services.Remove(builder.Services.Single(service => service.ImplementationType == typeof(StockAnnouncer)));
    }

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    public static string NewOrder() => Guid.CreateVersion7().ToString();

    /// <summary>A seed product no other test touches; ten pieces.</summary>
    public string NewProduct() => $"p-{Interlocked.Increment(ref _products)}";

    public Task<HttpResponseMessage> SendAsync(string orderId, string command, object body, HttpClient? through = null) =>
        (through ?? Sidecar).PostAsJsonAsync($"/internal/reservations/{orderId}{command}", body);

    public Task<StockReply> ReserveAsync(string orderId, params (string ProductId, int Quantity)[] lines) =>
        ReserveAsync(Sidecar, orderId, lines);

    public Task<StockReply> ReserveAsync(HttpClient through, string orderId, params (string ProductId, int Quantity)[] lines) =>
        AskAsync(orderId, "", new ReserveStock(Lines(lines), Clock.GetUtcNow().AddMinutes(10)), through);

    public Task<StockReply> CommitAsync(string orderId, params (string ProductId, int Quantity)[] lines) =>
        AskAsync(orderId, "/commit", new StockLines(Lines(lines)), Sidecar);

    public Task<StockReply> ReleaseAsync(string orderId, params (string ProductId, int Quantity)[] lines) =>
        ReleaseAsync(Sidecar, orderId, lines);

    public Task<StockReply> ReleaseAsync(HttpClient through, string orderId, params (string ProductId, int Quantity)[] lines) =>
        AskAsync(orderId, "/release", new StockLines(Lines(lines)), through);

    public async Task<StockLevel> LevelAsync(string productId) =>
        (await Anyone.GetFromJsonAsync<StockLevel>($"/api/inventory/{productId}"))!;

    private async Task<StockReply> AskAsync(string orderId, string command, object body, HttpClient through)
    {
        using var response = await SendAsync(orderId, command, body, through);
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync<StockReply>())!;
    }

    private static StockLine[] Lines((string ProductId, int Quantity)[] lines) =>
        [.. lines.Select(line => new StockLine(line.ProductId, line.Quantity))];
}

/// <param name="Sidecar">The caller that the saga is.</param>
public sealed record Replica(WebApplication Service, HttpClient Sidecar) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        Sidecar.Dispose();
        await Service.StopAsync();
        await Service.DisposeAsync();
    }
}
