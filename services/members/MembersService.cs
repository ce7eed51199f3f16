using DaprShop.Common;
using Microsoft.IdentityModel.Protocols;

namespace DaprShop.Members;

/// <summary>The members service: what it is made of.</summary>
public static class MembersService
{
    /// <summary>Builds the service. Settings come from <paramref name="args"/> and the environment.</summary>
    /// <param name="args">Command-line settings, e.g. <c>--APP_PORT=5001</c>.</param>
    /// <param name="configure">Last word on the builder, for tests (a clock, a fake peer).</param>
    /// <exception cref="InvalidOperationException">A setting is missing or wrong.</exception>
    public static WebApplication Create(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.Services.AddSingleton<IDocumentRetriever>(provider => provider.GetRequiredService<SigningKeys>());
        builder.AddShopDefaults("members", MembersJson.Default);
        builder.Services
            .AddSingleton<StaffPassword>()
            .AddSingleton(provider => ActivatorUtilities.CreateInstance<KeyProtection>(provider, "Members:KeyProtection"))
            .AddSingleton(provider => KeyTimes.From(provider.GetRequiredService<IConfiguration>()))
            .AddSingleton<SigningKeys>()
            .AddSingleton<AccessTokens>()
            .AddSingleton<Passwords>()
            .AddSingleton<MemberStore>()
            .AddSingleton<SignIn>()
            .AddSingleton<StaffAccount>()
            .AddSingleton<Startup>()
            .AddHostedService(provider => provider.GetRequiredService<Startup>())
            .AddReadiness<Startup>(startup => startup.IsReady)
            .AddSingleton<Registrations>()
            .AddHostedService(provider => provider.GetRequiredService<Registrations>());
        configure?.Invoke(builder);

        var app = builder.Build();
        app.Use(app.Services.GetRequiredService<Startup>().WhenReady);
        app.UseShopDefaults();
        app.MapMembers();
        app.MapAddresses();
        return app;
    }
}
