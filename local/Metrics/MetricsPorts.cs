using System.Collections.Frozen;
using DaprShop.Local.Grpc;
using DaprShop.Local.Hosting;
using DaprShop.Local.Invocation;
using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;

namespace DaprShop.Local.Metrics;

/// <summary>
/// The apps that have a metrics port: what is asked of their sidecars is measured, and <c>GET /metrics</c> on that port tells it. The port
/// stays with the app while its replicas come and go.
/// </summary>
public sealed class MetricsPorts(IEnumerable<AppOptions> apps)
{
    private const string Unknown = "UNKNOWN";

    private static readonly FrozenSet<string> s_verbs =
        FrozenSet.Create(StringComparer.Ordinal, "GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE");

    private readonly FrozenDictionary<string, (int Port, SidecarMetrics Metrics)> _apps = apps.Where(app => app.MetricsPort > 0)
        .ToFrozenDictionary(app => app.AppId, app => (app.MetricsPort, new SidecarMetrics(app.AppId)), StringComparer.Ordinal);

    public IEnumerable<(string AppId, int Port)> All => _apps.Select(app => (app.Key, app.Value.Port));

    /// <summary>Null for an app without a metrics port.</summary>
    public SidecarMetrics? Of(Sidecar sidecar) => _apps.TryGetValue(sidecar.AppId, out var app) ? app.Metrics : null;

    /// <summary>Measures the request, or answers it when it came to a metrics port, where no sidecar is.</summary>
    public Task HandleAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Features.Get<Sidecar>() is not { } sidecar) return AnswerAsync(context);
        return Of(sidecar) is { } metrics ? MeasureAsync(context, next, metrics) : next(context);
    }

    /// <summary>Whatever the path, as daprd.</summary>
    private Task AnswerAsync(HttpContext context)
    {
        foreach (var (port, metrics) in _apps.Values)
        {
            if (port != context.Connection.LocalPort) continue;
            context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
            return context.Response.WriteAsync(metrics.ToText());
        }
        // The port of a sidecar that has gone meanwhile.
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }

    private static async Task MeasureAsync(HttpContext context, RequestDelegate next, SidecarMetrics metrics)
    {
        var began = TimeProvider.System.GetTimestamp();
        var status = StatusCodes.Status500InternalServerError;
        try
        {
            await next(context);
            status = context.Response.StatusCode;
        }
        finally
        {
            var elapsed = TimeProvider.System.GetElapsedTime(began);
            if (!GrpcProxy.IsCall(context.Request)) metrics.Answered(VerbOf(context.Request), status, elapsed);
            // What apps call through, each other's methods, has no end of names.
            else if (DaprGrpcMethods.IsDapr(context.Request.Path)) metrics.Answered(context.Request.Path.Value!, GrpcStatusOf(context), elapsed);
        }
    }

    private static string VerbOf(HttpRequest request) => s_verbs.TryGetValue(request.Method, out var verb) ? verb : Unknown;

    private static StatusCode GrpcStatusOf(HttpContext context)
    {
        const string Status = "grpc-status";
        var trailers = context.Features.Get<IHttpResponseTrailersFeature>()?.Trailers;
        var status = trailers?.ContainsKey(Status) == true ? trailers[Status] : context.Response.Headers[Status];
        return int.TryParse(status, out var code) ? (StatusCode)code : StatusCode.Unknown;
    }
}
