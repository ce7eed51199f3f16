using System.Collections.Concurrent;
using System.Net.Http.Json;
using DaprShop.Common;
using DaprShop.Contracts;
using DaprShop.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace DaprShop.Shipping.Tests;

/// <summary>The shipping service beside a sidecar, with a clock of the test's, and someone who hears all it says.</summary>
public sealed class ShippingShop : IAsyncLifetime
{
    public const string MemberId = "0196f5a0-0000-7000-8000-00000000000a";

    public ConcurrentBag<ShipmentChanged> Heard { get; } = [];

    public FakeTimeProvider Clock { get; } = new(DateTimeOffset.UtcNow);

    public ShopHost Host { get; private set; } = null!;

    /// <summary>The caller that the saga is.</summary>
    public HttpClient Sidecar { get; private set; } = null!;

    public HttpClient Staff { get; private set; } = null!;

    public HttpClient Dapr { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Host = await ShopHost.StartAsync(Configure);
        Sidecar = Host.SidecarClient("shipping");
        Staff = Host.Client("shipping", Host.StaffToken());
        Dapr = Host.DaprHttp("shipping");
    }

    private void Configure(ShopHostOptions shop) => shop
        .Service("shipping", ShippingService.Create, builder => builder.Services.AddSingleton<TimeProvider>(Clock))
        .Fake("ear", app =>
        {
            foreach (var status in new[] { "dispatched", "delivered", "returned" })
            {
                app.MapPost($"/events/{status}", (ShipmentChanged changed) => Heard.Add(changed))
                    .WithTopic(Publishing.PubSub, $"shipping.{status}");
            }
        });

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    public static string NewOrder() => Guid.CreateVersion7().ToString();

    public static CreateShipment Parcel(string country = "US", string method = "standard", int grams = 800) =>
        new(MemberId, method, grams, new PostalAddress("Ada Lovelace", "1 Main Street", null, "Springfield", "12345", country));

    public Task<HttpResponseMessage> PutAsync(string orderId, CreateShipment parcel) =>
        Sidecar.PutAsJsonAsync($"/internal/shipments/{orderId}", parcel);

    public async Task<ShipmentReply> CreateAsync(string orderId, CreateShipment? parcel = null)
    {
        using var response = await PutAsync(orderId, parcel ?? Parcel());
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync<ShipmentReply>())!;
    }

    public async Task<ShipmentReply> CancelAsync(string orderId)
    {
        using var response = await Sidecar.PostAsync($"/internal/shipments/{orderId}/cancel", null);
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync<ShipmentReply>())!;
    }

    public Task ConfirmAsync(string orderId) => Host.PublishAsync(Topics.OrdersConfirmed, new OrderChanged(
        $"order-{orderId}-5", Clock.GetUtcNow(), orderId, MemberId, 5, "confirmed", [], Money.Zero("USD")));

    public Task<HttpResponseMessage> StaffAsync(string orderId, string command) =>
        Staff.PostAsync($"/api/shipments/{orderId}/{command}", null);

    public Task HeardAsync(string orderId, string status) => ShopHost.EventuallyAsync(
        () => Task.FromResult(Heard.Any(heard => heard.OrderId == orderId && heard.Status == status)), $"shipping.{status}");
}
