using System.Collections.Concurrent;
using System.Net.Http.Json;
using DaprShop.Common;
using DaprShop.Contracts;
using DaprShop.Local.Faults;
using DaprShop.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace DaprShop.Payment.Tests;

/// <summary>The payment service beside a sidecar, and someone who hears all it says.</summary>
public sealed class PaymentShop : IAsyncLifetime
{
    public const string MemberId = "0196f5a0-0000-7000-8000-00000000000a";

    public static readonly Money Amount = new(4711, "USD");

    /// <summary>Every payment event that came, by order and status, repetitions included.</summary>
    public ConcurrentBag<PaymentChanged> Heard { get; } = [];

    public FaultPlan Faults { get; } = new(TimeProvider.System);

    /// <summary>Stands still unless a test moves it: no provider is too slow because the machine is.</summary>
    public FakeTimeProvider Clock { get; } = new(DateTimeOffset.UtcNow);

    public ShopHost Host { get; private set; } = null!;

    /// <summary>The caller that the saga is.</summary>
    public HttpClient Sidecar { get; private set; } = null!;

    public StateStore Store { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Host = await ShopHost.StartAsync(Configure);
        Sidecar = Host.SidecarClient("payment");
        Store = new StateStore(Host.Dapr("payment"), "payment-store");
    }

    private void Configure(ShopHostOptions shop) => shop
        .Faults(Faults)
        .Service("payment", PaymentService.Create, builder => builder.Services.AddSingleton<TimeProvider>(Clock))
        .Fake("ear", app =>
        {
            foreach (var status in new[] { "authorized", "captured", "voided", "refunded", "declined" })
            {
                app.MapPost($"/events/{status}", (PaymentChanged changed) => Heard.Add(changed))
                    .WithTopic(Publishing.PubSub, $"payment.{status}");
            }
        });

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    public static string NewOrder() => Guid.CreateVersion7().ToString();

    public Task<HttpResponseMessage> SendAsync(string orderId, string command, object? body) => Sidecar.PostAsync(
        $"/internal/payments/{orderId}/{command}", body is null ? null : JsonContent.Create(body));

    public async Task<PaymentReply> AskAsync(string orderId, string command, object? body)
    {
        using var response = await SendAsync(orderId, command, body);
        Assert.Equal(StatusCodes.Status200OK, (int)response.StatusCode);
        return (await response.Content.ReadFromJsonAsync<PaymentReply>())!;
    }

    public Task<PaymentReply> AuthorizeAsync(string orderId, string token = "tok_ok") =>
        AskAsync(orderId, "authorize", new AuthorizePayment(MemberId, Amount, token));

    public Task<PaymentReply> CaptureAsync(string orderId) => AskAsync(orderId, "capture", new CapturePayment(Amount));

    public Task<PaymentReply> ReverseAsync(string orderId) => AskAsync(orderId, "reverse", null);
}
