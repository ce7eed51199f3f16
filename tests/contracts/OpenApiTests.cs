using DaprShop.Basket;
using DaprShop.Catalog;
using DaprShop.Inventory;
using DaprShop.Members;
using DaprShop.Notification;
using DaprShop.Ordering;
using DaprShop.Payment;
using DaprShop.Shipping;
using Microsoft.AspNetCore.Builder;

namespace DaprShop.Contracts.Tests;

/// <summary>
/// contracts/openapi holds each service's API as the service itself describes it. When an API has changed on purpose, run these tests
/// with <c>UPDATE_CONTRACTS=1</c> and review the difference.
/// </summary>
public class OpenApiTests
{
    private static readonly Dictionary<string, Func<string[], WebApplication>> s_services = new()
    {
        ["basket"] = args => BasketService.Create(args),
        ["catalog"] = args => CatalogService.Create(args),
        ["inventory"] = args => InventoryService.Create(args),
        ["members"] = args => MembersService.Create(args),
        ["notification"] = args => NotificationService.Create(args),
        ["ordering"] = args => OrderingService.Create(args),
        ["payment"] = args => PaymentService.Create(args),
        ["shipping"] = args => ShippingService.Create(args),
    };

    public static TheoryData<string> Services => [.. s_services.Keys];

    [Theory, MemberData(nameof(Services))]
    public async Task The_contract_is_what_the_service_serves(string service)
    {
        await using var app = s_services[service](["--urls=http://127.0.0.1:0", "--environment=Development", "--OpenApi=true"]);
        await app.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        var served = (await http.GetStringAsync("/openapi/v1.json")).ReplaceLineEndings("\n") + "\n";

        var file = Repository.PathOf("contracts", "openapi", service + ".json");
        if (Environment.GetEnvironmentVariable("UPDATE_CONTRACTS") == "1") await File.WriteAllTextAsync(file, served);
        Assert.Equal(await File.ReadAllTextAsync(file), served);
    }
}
