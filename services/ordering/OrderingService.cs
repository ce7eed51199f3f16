using DaprShop.Common;

namespace DaprShop.Ordering;

/// <summary>The ordering service: what it is made of.</summary>
public static class OrderingService
{
    /// <summary>Builds the service. Settings come from <paramref name="args"/> and the environment.</summary>
    /// <param name="args">Command-line settings, e.g. <c>--APP_PORT=5001</c>.</param>
    /// <param name="configure">Last word on the builder, for tests (a clock, a fake peer).</param>
    public static WebApplication Create(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.AddShopDefaults("ordering", OrderingJson.Default);
        AddOrdering(builder.Services, builder.Configuration);
        configure?.Invoke(builder);

        var app = builder.Build();
        app.UseShopDefaults();
        app.MapOrders();
        app.MapOrderSubscriptions();
        app.MapDeadLetters();
        app.MapActorsHandlers();
        app.Lifetime.ApplicationStarted.Register(app.Services.GetRequiredService<OrderMetrics>().Begin);
        return app;
    }

    private static void AddOrdering(IServiceCollection services, ConfigurationManager configuration)
    {
        var options = configuration.GetSection(OrderingOptions.Section).Get<OrderingOptions>() ?? new OrderingOptions();
        services.AddSingleton(options).AddSingleton<OrderMetrics>();
        services.AddActors(actors =>
        {
            actors.JsonSerializerOptions = ShopDefaults.CreateJsonOptions(OrderingJson.Default);
            actors.ActorIdleTimeout = options.ActorIdleTimeout;
            actors.ActorScanInterval = TimeSpan.FromSeconds(10);
            actors.Actors.RegisterActor<OrderActor>();
        });

        services.AddPeer<CatalogClient>("catalog", options.CallTimeout);
        services.AddPeer<BasketClient>("basket", options.CallTimeout);
        services.AddPeer<InventoryClient>("inventory", options.CallTimeout);
        services.AddPeer<PaymentClient>("payment", options.CallTimeout);
        services.AddPeer<ShippingClient>("shipping", options.CallTimeout);
        services.AddSingleton<SagaCalls>().AddSingleton<OrderActors>().AddSingleton<OrderReminders>().AddSingleton<ShipmentMoves>().AddSingleton<OrderDriver>();

        services.AddSingleton<OrderKeys>().AddSingleton<Checkout>();
        services.AddSingleton<OrderViews>().AddSingleton<OrderFeed>().AddSingleton<OrderDirectory>().AddSingleton<OrderProjector>();
        // Stopped in the reverse order: the driver's last runs are still projected.
        services.AddHostedService(provider => provider.GetRequiredService<OrderProjector>());
        services.AddHostedService(provider => provider.GetRequiredService<OrderDriver>());
    }
}
