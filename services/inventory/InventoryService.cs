using DaprShop.Common;

namespace DaprShop.Inventory;

/// <summary>The inventory service: what it is made of.</summary>
public static class InventoryService
{
    /// <summary>Builds the service. Settings come from <paramref name="args"/> and the environment.</summary>
    /// <param name="args">Command-line settings, e.g. <c>--APP_PORT=5001</c>.</param>
    /// <param name="configure">Last word on the builder, for tests (a clock, a fake peer).</param>
    public static WebApplication Create(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.AddShopDefaults("inventory", InventoryJson.Default);
        builder.Services.AddSingleton(SeedStock.Shipped());
        builder.Services.AddSingleton<StockNews>();
        builder.Services.AddSingleton<StockStore>();
        builder.Services.AddSingleton<StockChanges>();
        builder.Services.AddSingleton<Reservations>();
        builder.Services.AddSingleton<Corrections>();
        builder.Services.AddPeer<CatalogClient>("catalog", TimeSpan.FromSeconds(3));
        builder.Services.AddHostedService<StockAnnouncer>();
        builder.Services.AddHostedService<StockRounds>();
        configure?.Invoke(builder);

        var app = builder.Build();
        app.UseShopDefaults();
        app.MapInventory();
        app.MapReservations();
        app.MapSubscriptions();
        app.MapDeadLetters();
        return app;
    }
}
