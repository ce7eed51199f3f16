using DaprShop.Common;

namespace DaprShop.Basket;

/// <summary>The basket service: what it is made of.</summary>
public static class BasketService
{
    /// <summary>Builds the service. Settings come from <paramref name="args"/> and the environment.</summary>
    /// <param name="args">Command-line settings, e.g. <c>--APP_PORT=5001</c>.</param>
    /// <param name="configure">Last word on the builder, for tests (a clock, a fake peer).</param>
    public static WebApplication Create(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.AddShopDefaults("basket", BasketJson.Default);
        builder.Services
            .AddPeer<CatalogClient>("catalog", TimeSpan.FromSeconds(3))
            .AddSingleton<ProductTable>()
            .AddSingleton<Baskets>();
        configure?.Invoke(builder);

        var app = builder.Build();
        app.UseShopDefaults();
        app.MapBasket();
        app.MapBasketSubscriptions();
        app.MapDeadLetters();
        return app;
    }
}
