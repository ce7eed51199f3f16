using System.Text.Json;
using DaprShop.Basket;
using DaprShop.Catalog;
using DaprShop.Inventory;
using DaprShop.Members;
using DaprShop.Notification;
using DaprShop.Ordering;
using DaprShop.Payment;
using DaprShop.Shipping;
using DaprShop.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace DaprShop.Contracts.Tests;

/// <summary>The services, each as its own <c>Create</c> builds it, without sidecars.</summary>
internal static class Services
{
    private static readonly Dictionary<string, Creation> s_all = new()
    {
        ["basket"] = BasketService.Create,
        ["catalog"] = CatalogService.Create,
        ["inventory"] = InventoryService.Create,
        ["members"] = MembersService.Create,
        ["notification"] = NotificationService.Create,
        ["ordering"] = OrderingService.Create,
        ["payment"] = PaymentService.Create,
        ["shipping"] = ShippingService.Create,
        ["web"] = WebService.Create,
    };

    public static IReadOnlyCollection<string> Names => s_all.Keys;

    /// <summary>One of them, on a port of its own; not yet started.</summary>
    public static WebApplication Create(string service, params string[] arguments) => s_all[service](
        ["--urls=http://127.0.0.1:0", "--environment=Development", .. arguments],
        // Nobody reads how they miss their sidecars.
        builder => builder.Services.AddSingleton(TextWriter.Null));

    /// <summary>What it answers to <c>/dapr/subscribe</c>.</summary>
    public static async Task<IReadOnlyList<JsonElement>> SubscriptionsOfAsync(string service)
    {
        await using var app = Create(service);
        await app.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        using var answer = JsonDocument.Parse(await http.GetStringAsync("/dapr/subscribe"));
        return [.. answer.RootElement.Clone().EnumerateArray()];
    }

    private delegate WebApplication Creation(string[] arguments, Action<WebApplicationBuilder> configure);
}
