using System.Collections.Frozen;
using DaprShop.Local.Grpc;
using DaprShop.Local.Hosting;
using DaprShop.Local.Invocation;
using DaprShop.Local.Telemetry;
using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;
using OpenTelemetry.Exporter;

namespace DaprShop.Local.Metrics;

/// <summary>
/// The apps whose sidecars are measured: those with a metrics port, where <c>GET /metrics</c> tells it, and all when a collector is named,
/// which is sent it. The port stays with the app while its replicas come and go.
/// </summary>
public sealed class AppMetrics(IEnumerable<AppOptions> apps, IReadOnlyDictionary<string, string> telemetry) : IDisposable
{
    private const string Unknown = "UNKNOWN";

    private static readonly FrozenSet<string> s_verbs =
        FrozenSet.Create(StringComparer.Ordinal, "GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE");

    private readonly FrozenDictionary<string, (int Port, SidecarMetrics Metrics)> _apps =
        Measured(apps, Collector.Named(telemetry, "METRICS"), telemetry)
            .ToFrozenDictionary(app => app.Metrics.AppId, StringComparer.Ordinal);

    public IEnumerable<(string AppId, int Port)> Ports => _apps.Where(app => app.Value.Port > 0).Select(app => (app.Key, app.Value.Port));

    /// <summary>Null for an app that is not measured.</summary>
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

    /// <summary>Sends what has not been sent, but waits no longer for a collector that does not answer than one app would.</summary>
    public void Dispose() => Task.WaitAll([.. _apps.Values.Select(app => Task.Run(app.Metrics.Dispose))]);

    private static IEnumerable<(int Port, SidecarMetrics Metrics)> Measured(
        IEnumerable<AppOptions> apps, Action<OtlpExporterOptions>? collector, IReadOnlyDictionary<string, string> telemetry) =>
        apps.Where(app => app.MetricsPort > 0 || collector is not null).Select(app => (
            app.MetricsPort,
            new SidecarMetrics(app.AppId, collector is null ? null : new SidecarMeter(app.AppId, collector, telemetry))));

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
