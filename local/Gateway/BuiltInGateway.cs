using System.IO.Compression;
using System.Text;
using DaprShop.Common;
using DaprShop.Local.Configuration;
using Microsoft.AspNetCore.ResponseCompression;

namespace DaprShop.Local.Gateway;

/// <summary>
/// The gateway for machines without nginx: the same routes, limits, headers and errors, on Kestrel and YARP's forwarder, inside the
/// runtime's process. tests/gateway holds both to one suite.
/// </summary>
public sealed class BuiltInGateway(GatewaySettings settings, ILoggerFactory logs) : IGateway
{
    private const long MaxBodyBytes = 1024 * 1024;

    private static readonly string[] s_compressed =
    [
        "application/json", "application/problem+json", "application/javascript", "text/javascript", "text/css", "text/plain",
        "text/html", "image/svg+xml",
    ];

    private WebApplication? _app;

    public string Name => "built-in";

    public async Task StartAsync(CancellationToken cancellation)
    {
        _app = Build(GatewayRules.Read(settings.RulesPath));
        try
        {
            await _app.StartAsync(cancellation);
        }
        catch (IOException)
        {
            throw new ConfigurationError($"Port {settings.Port} is in use; stop what uses it, or choose another with --port.");
        }
    }

    public Task FollowAsync(IReadOnlyDictionary<string, IReadOnlyList<Uri>> services) =>
        _app?.Services.GetRequiredService<Forwarding>().FollowAsync(services) ?? Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_app is not { } app) return;
        _app = null;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await app.StopAsync(limit.Token);
        await app.DisposeAsync();
    }

    private WebApplication Build(GatewayRules rules)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
            kestrel.RequestHeaderEncodingSelector = _ => Encoding.Latin1;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.ListenLocalhost(settings.Port);
        });
        builder.Services.AddSingleton(logs);
        builder.Services.AddSingleton(rules);
        builder.Services.AddSingleton(settings);
        builder.Services.AddSingleton<Forwarding>();
        builder.Services.AddHttpForwarder();
        builder.Services.AddRateLimiter(options => options.LimitByAddress(rules, settings.Limits));
        builder.Services.AddResponseCompression(options =>
        {
            options.MimeTypes = s_compressed;
            options.Providers.Add<GzipCompressionProvider>();
        });
        builder.Services.Configure<GzipCompressionProviderOptions>(options => options.Level = CompressionLevel.Fastest);

        var app = builder.Build();
        app.Use(Route);
        app.UseResponseCompression();
        app.UseRateLimiter();
        app.Run(app.Services.GetRequiredService<Forwarding>().ForwardAsync);
        return app;

        Task Route(HttpContext context, RequestDelegate next)
        {
            var route = PublicRequest.Read(context, rules);
            context.Response.OnStarting(() => route.SetResponseHeaders(context.Response.Headers));
            if (BodyLimit.IsExceeded(context, MaxBodyBytes)) return GatewayProblem.WriteAsync(context, StatusCodes.Status413PayloadTooLarge);
            if (route.Service.Length == 0) return GatewayProblem.WriteAsync(context, StatusCodes.Status404NotFound);
            if (!PublicRequest.Methods.Contains(context.Request.Method))
                return GatewayProblem.WriteAsync(context, StatusCodes.Status405MethodNotAllowed);
            return next(context);
        }
    }
}
