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

namespace DaprShop.Contracts.Tests;

/// <summary>The services, each as its own <c>Create</c> builds it, without sidecars.</summary>
internal static class Services
{
    public static readonly string[] Arguments = ["--urls=http://127.0.0.1:0", "--environment=Development", "--Logging:Level=Error"];

    public static readonly Dictionary<string, Func<string[], WebApplication>> All = new()
    {
        ["basket"] = args => BasketService.Create(args),
        ["catalog"] = args => CatalogService.Create(args),
        ["inventory"] = args => InventoryService.Create(args),
        ["members"] = args => MembersService.Create(args),
        ["notification"] = args => NotificationService.Create(args),
        ["ordering"] = args => OrderingService.Create(args),
        ["payment"] = args => PaymentService.Create(args),
        ["shipping"] = args => ShippingService.Create(args),
        ["web"] = args => WebService.Create(args),
    };
}
