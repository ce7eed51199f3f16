using DaprShop.Common;
using DaprShop.Web.Api;
using DaprShop.Web.Parts;
using DaprShop.Web.Session;
using Microsoft.AspNetCore.Antiforgery;

namespace DaprShop.Web;

/// <summary>The web service: the storefront and the staff's pages, rendered on the server. What it is made of.</summary>
public static class WebService
{
    /// <summary>Builds the service. Settings come from <paramref name="args"/> and the environment.</summary>
    /// <param name="args">Command-line settings, e.g. <c>--APP_PORT=5001</c>.</param>
    /// <param name="configure">Last word on the builder, for tests (a clock, a fake peer).</param>
    public static WebApplication Create(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.AddShopDefaults("web");
        builder.Services.AddGatewayHealth();
        builder.Services.AddHttpContextAccessor();
        builder.Services.AddSessionCookie();
        builder.Services.AddRazorComponents();
        builder.Services.AddAntiforgery(options => options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest);
        builder.Services.AddStoredKeys();
        builder.Services.AddCascadingAuthenticationState();
        builder.Services.AddSingleton<ServiceClients>();
        builder.Services.AddScoped<Visitor>().AddScoped<Caller>();
        builder.Services.AddScoped<CatalogClient>().AddScoped<InventoryClient>().AddScoped<BasketClient>();
        builder.Services.AddScoped<MembersClient>().AddScoped<OrdersClient>().AddScoped<Welcome>();
        builder.Services.AddSingleton<DeadLetterDesk>().AddScoped<DeadLettersClient>();
        configure?.Invoke(builder);

        var app = builder.Build();
        app.UseVisitorScheme();
        app.UseShopDefaults(FriendlyErrors.Use);
        app.Use((context, next) =>
        {
            // Nobody finds a member's pages with the browser's "back" after they have signed out.
            if (context.User.Identity is { IsAuthenticated: true }) context.Response.Headers.CacheControl = "no-cache, no-store";
            return next(context);
        });
        app.UseAntiforgery();
        app.Use((context, next) =>
        {
            // A form that was out of date: told here, since in Development Blazor tells it as to a programmer.
            var isInvalid = context.Features.Get<IAntiforgeryValidationFeature>() is { IsValid: false };
            if (!isInvalid || !HttpMethods.IsPost(context.Request.Method)) return next(context);
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return Task.CompletedTask;
        });
        app.MapSiteFiles();
        app.MapGatewayHealth();
        app.MapDeadLetterDesk();
        app.MapRazorComponents<App>();
        return app;
    }
}
