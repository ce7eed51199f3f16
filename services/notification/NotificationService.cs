using Dapr.Client;
using DaprShop.Common;

namespace DaprShop.Notification;

/// <summary>The notification service: what it is made of.</summary>
public static class NotificationService
{
    /// <summary>Builds the service. Settings come from <paramref name="args"/> and the environment.</summary>
    /// <param name="args">Command-line settings, e.g. <c>--APP_PORT=5001</c>.</param>
    /// <param name="configure">Last word on the builder, for tests (a clock, a fake peer).</param>
    public static WebApplication Create(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.AddShopDefaults("notification", NotificationJson.Default);
        builder.Services
            .AddPeer<MembersClient>("members", TimeSpan.FromSeconds(3))
            .AddSingleton<Mail>()
            .AddSingleton(provider => ThroughBinding(provider.GetRequiredService<DaprClient>()))
            .AddSingleton<Inboxes>();
        configure?.Invoke(builder);

        var app = builder.Build();
        app.UseShopDefaults();
        app.MapNotifications();
        app.MapNotificationSubscriptions();
        app.MapDeadLetters();
        return app;
    }

    /// <summary>The output binding <c>email</c>, e.g. bindings.smtp.</summary>
    private static SendEmail ThroughBinding(DaprClient dapr) => (to, subject, body, cancellation) => dapr.InvokeBindingAsync(
        "email", "create", body, new Dictionary<string, string> { ["emailTo"] = to, ["subject"] = subject }, cancellation);
}
