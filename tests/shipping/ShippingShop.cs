using System.Collections.Concurrent;
using System.Net.Http.Json;
using DaprShop.Common;
using DaprShop.Contracts;
using DaprShop.Local.Faults;
using DaprShop.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace DaprShop.Shipping.Tests;

/// <summary>The shipping service in this process.</summary>
public sealed class DotnetShippingShop : ShippingShop
{
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UtcNow);

    public override DateTimeOffset Now => _clock.GetUtcNow();

    public override void Pass(TimeSpan time) => _clock.Advance(time);

    protected override void AddShipping(ShopHostOptions shop) =>
        shop.Service("shipping", ShippingService.Create, builder => builder.Services.AddSingleton<TimeProvider>(_clock));
}

/// <summary>services/shipping-node. Its clock goes as the machine's, and is put forward through a file that a preloaded module reads.</summary>
public sealed class NodeShippingShop : ShippingShop
{
    private string _clock = "";
    private TimeSpan _ahead;

    public static void RequireNode() => Assert.SkipWhen(OtherImplementations.IsNodeMissing, "Node.js is not installed.");

    public override DateTimeOffset Now => DateTimeOffset.UtcNow + _ahead;

    public override void Pass(TimeSpan time)
    {
        _ahead += time;
        // In one step: the service reads it all the time.
        File.WriteAllText(_clock + ".new", $"{_ahead.TotalMilliseconds}");
        File.Move(_clock + ".new", _clock, overwrite: true);
    }

    public override ValueTask InitializeAsync() => OtherImplementations.IsNodeMissing ? ValueTask.CompletedTask : base.InitializeAsync();

    protected override void AddShipping(ShopHostOptions shop)
    {
        _clock = Path.Combine(Directory.CreateDirectory(shop.DataDirectory).FullName, "clock");
        Pass(TimeSpan.Zero);
        var preload = Path.Combine(Repository.Root, "tests", "shipping", "clock.cjs");
        shop.Swapped("shipping", "node", ("NODE_OPTIONS", $"--require \"{preload}\""), ("CLOCK_FILE", _clock));
    }
}

/// <summary>Either implementation with settings, as a shop runs it: by the machine's clock.</summary>
/// <param name="implementation"><c>dotnet</c> or <c>node</c>.</param>
/// <param name="settings">Named as environment variables.</param>
/// <param name="data">A directory that outlives the shop; null for none.</param>
public sealed class SettingsShop(string implementation, (string Name, string Value)[] settings, string? data = null) : ShippingShop
{
    public override DateTimeOffset Now => DateTimeOffset.UtcNow;

    public override void Pass(TimeSpan time) => throw new NotSupportedException("It passes by itself.");

    protected override void AddShipping(ShopHostOptions shop)
    {
        if (data is not null) shop.Data(data);
        if (implementation == "node") shop.Swapped("shipping", "node", settings);
        else shop.Service("shipping", ShippingService.Create, settings: [.. settings.Select(one => (one.Name.Replace("__", ":"), one.Value))]);
    }
}

/// <summary>The shipping service beside a sidecar, with a clock that the test puts forward, and someone who hears all it says.</summary>
public abstract class ShippingShop : IAsyncLifetime
{
    public const string MemberId = "0196f5a0-0000-7000-8000-00000000000a";

    private readonly FaultPlan _faults = new(TimeProvider.System);

    public ConcurrentBag<ShipmentChanged> Heard { get; } = [];

    /// <summary>What time it is for the service.</summary>
    public abstract DateTimeOffset Now { get; }

    /// <summary>Puts the service's clock forward.</summary>
    public abstract void Pass(TimeSpan time);

    protected abstract void AddShipping(ShopHostOptions shop);

    public ShopHost Host { get; private set; } = null!;

    /// <summary>The caller that the saga is.</summary>
    public HttpClient Sidecar { get; private set; } = null!;

    public HttpClient Staff { get; private set; } = null!;

    public HttpClient Dapr { get; private set; } = null!;

    /// <summary>The broker takes nothing that the service publishes on this topic, until it has refused so often.</summary>
    public void RefuseEvents(string topic, int times) => _faults.Set(new FaultFile(
        0, [new Fault("shipping", FaultPoint.Publish, topic, FaultMoment.Before, FaultKind.Fail) { Times = times }]));

    public virtual async ValueTask InitializeAsync()
    {
        Host = await ShopHost.StartAsync(Configure);
        Sidecar = Host.SidecarClient("shipping");
        Staff = Host.Client("shipping", Host.StaffToken());
        Dapr = Host.DaprHttp("shipping");
    }

    private void Configure(ShopHostOptions shop)
    {
        AddShipping(shop);
        shop.Faults(_faults);
        shop.Fake("ear", app =>
        {
            foreach (var status in new[] { "dispatched", "delivered", "returned" })
            {
                app.MapPost($"/events/{status}", (ShipmentChanged changed) => Heard.Add(changed))
                    .WithTopic(Publishing.PubSub, $"shipping.{status}");
            }
        });
    }

    public async ValueTask DisposeAsync()
    {
        if (Host is not null) await Host.DisposeAsync();
        GC.SuppressFinalize(this);
    }

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

    public static OrderChanged Confirmed(string orderId, DateTimeOffset at) =>
        new($"order-{orderId}-5", at, orderId, MemberId, 5, "confirmed", [], Money.Zero("USD"));

    public Task ConfirmAsync(string orderId) => Host.PublishAsync(Topics.OrdersConfirmed, Confirmed(orderId, Now));

    public Task<HttpResponseMessage> StaffAsync(string orderId, string command) =>
        Staff.PostAsync($"/api/shipments/{orderId}/{command}", null);

    public Task HeardAsync(string orderId, string status) =>
        ShopHost.EventuallyAsync(() => Task.FromResult(HasHeard(orderId, status)), $"shipping.{status}");

    /// <summary>As <see cref="HeardAsync"/>, while time goes on.</summary>
    public Task HeardInTimeAsync(string orderId, string status) => ShopHost.EventuallyAsync(
        () =>
        {
            Pass(TimeSpan.FromSeconds(1));
            return Task.FromResult(HasHeard(orderId, status));
        },
        $"shipping.{status}");

    private bool HasHeard(string orderId, string status) => Heard.Any(heard => heard.OrderId == orderId && heard.Status == status);
}
