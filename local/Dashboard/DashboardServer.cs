using System.Net;
using DaprShop.Local.Configuration;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace DaprShop.Local.Dashboard;

/// <summary>
/// The port of the dashboard: this machine only, under this machine's names only (a page elsewhere may have its own name lead here), to be
/// looked at and not to be acted on.
/// </summary>
internal sealed class DashboardServer : IAsyncDisposable
{
    private const string Policy = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly string[] s_verbs = ["GET", "HEAD"];

    private readonly WebApplication _app;

    private DashboardServer(WebApplication app, int port) => (_app, Port) = (app, port);

    public int Port { get; }

    /// <param name="port">On the loopback address; 0 for any free one.</param>
    /// <param name="pages">What it shows.</param>
    /// <exception cref="ConfigurationError">The port is taken.</exception>
    public static async Task<DashboardServer> StartAsync(int port, DashboardPages pages)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "DaprShop.Local" });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Listen(IPAddress.Loopback, port);
        });
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        app.Use(GuardAsync);
        app.UseRouting();
        app.MapMethods("/", s_verbs, context => pages.OverviewAsync(context));
        app.MapMethods("/logs/{appId}", s_verbs, context => pages.LogAsync(context));
        app.MapMethods("/style.css", s_verbs, Stylesheet.WriteAsync);
        try
        {
            await app.StartAsync();
        }
        catch (IOException error) when (error.InnerException is AddressInUseException)
        {
            await app.DisposeAsync();
            throw new ConfigurationError($"--dashboard {port}: the port is in use");
        }
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return new DashboardServer(app, new Uri(address).Port);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static Task GuardAsync(HttpContext context, RequestDelegate next)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers.CacheControl = "no-store";
        var host = context.Request.Host;
        if (host.Host is "localhost" or "127.0.0.1" && host.Port == context.Connection.LocalPort) return next(context);
        context.Response.StatusCode = StatusCodes.Status421MisdirectedRequest;
        return Task.CompletedTask;
    }
}
