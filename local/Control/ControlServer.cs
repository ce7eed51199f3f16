using System.Net;
using DaprShop.Local.Configuration;
using Microsoft.AspNetCore.Connections;

namespace DaprShop.Local.Control;

/// <summary>A port of this machine's own where the running shop takes orders from its owner; there only when asked for.</summary>
internal static class ControlServer
{
    /// <param name="port">On the loopback address.</param>
    /// <param name="map">What it serves.</param>
    /// <exception cref="ConfigurationError">The port is taken.</exception>
    public static async Task<IAsyncDisposable> StartAsync(int port, Action<IEndpointRouteBuilder> map)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "DaprShop.Local" });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        // A page in a browser may send requests here, but not without saying where it is from.
        app.Use((context, next) => context.Request.Headers.Origin.Count == 0 ? next(context) : RefuseAsync(context));
        app.UseRouting();
        // Nor under this name.
        map(app.MapGroup("").RequireHost($"127.0.0.1:{port}", $"localhost:{port}"));
        try
        {
            await app.StartAsync();
            return app;
        }
        catch (IOException error) when (error.InnerException is AddressInUseException)
        {
            await app.DisposeAsync();
            throw new ConfigurationError($"--control {port}: the port is in use");
        }
    }

    private static Task RefuseAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        return Task.CompletedTask;
    }
}
