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
        builder.Services.AddActors(actors =>
        {
            actors.Actors.RegisterActor<StockActor>();
            actors.ActorIdleTimeout = TimeSpan.FromMinutes(5);
            actors.JsonSerializerOptions = ShopDefaults.CreateJsonOptions(InventoryJson.Default);
        });
        builder.Services.AddSingleton(SeedStock.Shipped());
        builder.Services.AddSingleton<StockActors>();
        builder.Services.AddSingleton<Reservations>();
        builder.Services.AddHostedService<SeedAnnouncer>();
        configure?.Invoke(builder);

        var app = builder.Build();
        app.UseShopDefaults();
        app.MapActorsHandlers();
        app.MapInventory();
        app.MapReservations();
        app.MapSubscriptions();
        app.MapDeadLetters();
        return app;
    }
}
