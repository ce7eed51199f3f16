using System.Security.Cryptography;
using System.Text;
using DaprShop.Local.Errors;
using DaprShop.Local.Faults;
using DaprShop.Local.Grpc;
using DaprShop.Local.Invocation;
using DaprShop.Local.Metrics;
using DaprShop.Local.Tracing;
using Microsoft.AspNetCore.Http.Features;

namespace DaprShop.Local.Hosting;

/// <summary>
/// What every request to a sidecar goes through, in daprd's order: the token check, invocation (whose paths are the app's own, so they
/// bypass routing), the building blocks; and invocation again for whatever no block knows.
/// </summary>
internal static class SidecarApi
{
    private const string TokenHeader = "dapr-api-token";

    public static void UseSidecarApi(this WebApplication app, string? token, FaultPlan? faults)
    {
        var invoker = app.Services.GetRequiredService<Invoker>();
        app.Use(app.Services.GetRequiredService<AppMetrics>().HandleAsync);
        if (app.Services.GetRequiredService<Tracers>() is { IsOn: true } tracers) app.Use(tracers.HandleAsync);
        if (token is not null) app.UseToken(Encoding.UTF8.GetBytes(token));
        app.UseSingleSlashes();
        app.UseFaults(faults);
        var proxy = app.Services.GetRequiredService<GrpcProxy>();
        app.Use((context, next) => GrpcProxy.IsCall(context.Request)
            ? CallAsync(context, next, proxy)
            : invoker.TryInvokeAsync(context) ?? AnswerAsync(context, next, invoker));
        app.UseRouting();
        app.MapBuildingBlocks();
    }

    /// <summary>A stream may go on for ever; its messages are what is limited.</summary>
    private static Task CallAsync(HttpContext context, RequestDelegate next, GrpcProxy proxy)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = null;
        return DaprGrpcMethods.IsDapr(context.Request.Path) ? next(context) : proxy.ForwardAsync(context);
    }

    private static async Task AnswerAsync(HttpContext context, RequestDelegate next, Invoker invoker)
    {
        try
        {
            await next(context);
            if (context.Response.StatusCode is 404 or 405 && IsUnrouted(context))
                await invoker.InvokeByHeaderAsync(context);
        }
        catch (DaprError error) when (!context.Response.HasStarted)
        {
            await error.WriteAsync(context.Response);
        }
        catch (BadHttpRequestException error) when (!context.Response.HasStarted)
        {
            var unread = new DaprError(
                error.StatusCode, "ERR_BODY_READ", global::Grpc.Core.StatusCode.InvalidArgument,
                $"failed to read request body: {error.Message}");
            await unread.WriteAsync(context.Response);
        }
    }

    /// <summary>Neither a block's endpoint nor the framework's own answer for a verb that the block does not take.</summary>
    private static bool IsUnrouted(HttpContext context) =>
        !context.Response.HasStarted && context.GetEndpoint() is null or { Metadata.Count: 0 };

    /// <summary>Paths with doubled slashes are as good as others, as in daprd; the .NET SDK's actor calls begin with two.</summary>
    private static void UseSingleSlashes(this WebApplication app) => app.Use((context, next) =>
    {
        var request = context.Features.GetRequiredFeature<IHttpRequestFeature>();
        if (!request.Path.Contains("//", StringComparison.Ordinal)) return next(context);
        request.Path = Collapse(request.Path);
        var query = request.RawTarget.IndexOf('?');
        request.RawTarget = query < 0 ? Collapse(request.RawTarget) : Collapse(request.RawTarget[..query]) + request.RawTarget[query..];
        return next(context);
    });

    private static string Collapse(string path)
    {
        while (path.Contains("//", StringComparison.Ordinal)) path = path.Replace("//", "/", StringComparison.Ordinal);
        return path;
    }

    private static void UseToken(this WebApplication app, byte[] expected) => app.Use((context, next) =>
    {
        if (Matches(context.Request, expected) || IsOpen(context.Request))
        {
            context.Request.Headers.Remove(TokenHeader);
            return next(context);
        }
        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        return context.Response.WriteAsync("invalid api token\n");
    });

    private static bool Matches(HttpRequest request, byte[] expected) =>
        request.Headers[TokenHeader] is [{ } given] && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), expected);

    private static bool IsOpen(HttpRequest request) =>
        HttpMethods.IsGet(request.Method) && request.Path.Value?.Trim('/') is "v1.0/healthz" or "v1.0/healthz/outbound";
}
