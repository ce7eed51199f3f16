using DaprShop.Common;

namespace DaprShop.Payment;

/// <summary>The payment service: what it is made of.</summary>
public static class PaymentService
{
    /// <summary>Builds the service. Settings come from <paramref name="args"/> and the environment.</summary>
    /// <param name="args">Command-line settings, e.g. <c>--APP_PORT=5001</c>.</param>
    /// <param name="configure">Last word on the builder, for tests (a clock, a fake peer).</param>
    public static WebApplication Create(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.AddShopDefaults("payment", PaymentJson.Default);
        builder.Services.AddSingleton<IPaymentProvider, TestProvider>();
        builder.Services.AddSingleton<PaymentStore>();
        builder.Services.AddSingleton<Payments>();
        configure?.Invoke(builder);

        var app = builder.Build();
        app.UseShopDefaults();
        app.MapPayments();
        app.MapLedger();
        app.MapCommands();
        return app;
    }
}
