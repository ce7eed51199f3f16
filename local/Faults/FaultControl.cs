using System.Net;
using DaprShop.Local.Configuration;
using Microsoft.AspNetCore.Connections;

namespace DaprShop.Local.Faults;

/// <summary>
/// <c>/faults</c> on a port of this machine's own, there only when asked for. <c>PUT</c> sets the faults of its body (a fault file, YAML
/// or JSON) instead of those before, <c>DELETE</c> lifts all, <c>GET</c> tells how often each was met.
/// </summary>
internal static class FaultControl
{
    /// <exception cref="ConfigurationError">The port is taken.</exception>
    public static async Task<IAsyncDisposable> StartAsync(FaultPlan plan, int port)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "DaprShop.Local" });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        app.UseRouting();
        // A page in a browser may send requests here, but not under this name.
        var faults = app.MapGroup("/faults").RequireHost($"127.0.0.1:{port}", $"localhost:{port}");
        faults.MapGet("", () => TypedResults.Json(plan.Report().Select(row => new
        {
            row.Fault.App,
            On = Name(row.Fault.On),
            row.Fault.Match,
            When = Name(row.Fault.When),
            Do = Name(row.Fault.Do),
            row.Seen,
            row.Hit,
        })));
        faults.MapDelete("", () =>
        {
            plan.Set(FaultFile.Empty);
            return Results.NoContent();
        });
        faults.MapPut("", async (HttpRequest request) =>
        {
            using var body = new StreamReader(request.Body);
            try
            {
                plan.Set(FaultFile.Parse(await body.ReadToEndAsync(request.HttpContext.RequestAborted), "body"));
                return Results.NoContent();
            }
            catch (ConfigurationError error)
            {
                return Results.Text(error.Message, statusCode: StatusCodes.Status400BadRequest);
            }
        });
        try
        {
            await app.StartAsync();
            return app;
        }
        catch (IOException error) when (error.InnerException is AddressInUseException)
        {
            await app.DisposeAsync();
            throw new ConfigurationError($"--faults-port {port}: the port is in use");
        }
    }

    private static string Name<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();
}
