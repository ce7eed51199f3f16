using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace DaprShop.Common;

/// <summary>
/// The service's API as an OpenAPI document at <c>/openapi/v1.json</c>, when <c>OpenApi=true</c> asks for it: contracts/openapi holds a
/// copy of each, which tests/contracts compares. In the running shop it is off: nobody pays for it at start.
/// </summary>
public static class ShopOpenApi
{
    private static bool IsOn(IConfiguration configuration) => configuration.GetValue<bool>("OpenApi");

    internal static void AddShopOpenApi(this WebApplicationBuilder builder, string service)
    {
        if (!IsOn(builder.Configuration)) return;
        builder.Services.AddOpenApi(options =>
        {
            options.ShouldInclude = endpoint => endpoint.RelativePath is { } path && (path.StartsWith("api/", StringComparison.Ordinal)
                || path.StartsWith("internal/", StringComparison.Ordinal) || path.StartsWith(".well-known/", StringComparison.Ordinal));
            options.AddDocumentTransformer((document, _, _) =>
            {
                document.Info = new() { Title = $"DaprShop {service}", Version = "v1" };
                document.Servers = [];
                return Task.CompletedTask;
            });
        });
    }

    internal static void MapShopOpenApi(this WebApplication app)
    {
        if (IsOn(app.Configuration)) app.MapOpenApi();
    }
}
