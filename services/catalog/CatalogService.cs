using DaprShop.Common;

namespace DaprShop.Catalog;

/// <summary>The catalog service: what it is made of.</summary>
public static class CatalogService
{
    /// <summary>Builds the service. Settings come from <paramref name="args"/> and the environment.</summary>
    /// <param name="args">Command-line settings, e.g. <c>--APP_PORT=5001</c>.</param>
    /// <param name="configure">Last word on the builder, for tests (a clock, a fake peer).</param>
    public static WebApplication Create(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.AddShopDefaults("catalog", CatalogJson.Default);
        builder.Services.AddSingleton<Shelf>().AddReadiness<Shelf>(shelf => shelf.Loaded);
        builder.Services.AddSingleton<CatalogStore>();
        builder.Services.AddSingleton<StockStore>();
        builder.Services.AddSingleton<Seed>();
        builder.Services.AddSingleton<Editor>();
        builder.Services.AddSingleton<ChangeRelay>().AddHostedService(provider => provider.GetRequiredService<ChangeRelay>());
        builder.Services.AddSingleton<CatalogReplica>().AddHostedService(provider => provider.GetRequiredService<CatalogReplica>());
        configure?.Invoke(builder);

        var app = builder.Build();
        app.UseShopDefaults();
        app.MapCatalog();
        app.MapStaff();
        app.MapStockSubscriptions();
        app.MapDeadLetters();
        return app;
    }
}
