using DaprShop.Common;

namespace DaprShop.Shipping;

/// <summary>The shipping service: what it is made of.</summary>
public static class ShippingService
{
    /// <summary>Builds the service. Settings come from <paramref name="args"/> and the environment.</summary>
    /// <param name="args">Command-line settings, e.g. <c>--APP_PORT=5001</c>.</param>
    /// <param name="configure">Last word on the builder, for tests (a clock, a fake peer).</param>
    public static WebApplication Create(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.AddShopDefaults("shipping", ShippingJson.Default);
        builder.Services.AddActors(actors =>
        {
            actors.Actors.RegisterActor<CourierActor>();
            actors.JsonSerializerOptions = ShopDefaults.CreateJsonOptions(ShippingJson.Default);
        });
        builder.Services.AddSingleton(services => CourierTimes.From(services.GetRequiredService<IConfiguration>()));
        builder.Services.AddSingleton<ShipmentStore>();
        builder.Services.AddSingleton<Shipments>();
        builder.Services.AddSingleton<Carrier>();
        builder.Services.AddSingleton<Couriers>();
        configure?.Invoke(builder);

        var app = builder.Build();
        app.UseShopDefaults();
        app.MapActorsHandlers();
        app.MapShipping();
        app.MapCommands();
        app.MapSubscriptions();
        app.MapDeadLetters();
        return app;
    }
}
