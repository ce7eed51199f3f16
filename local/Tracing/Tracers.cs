using System.Collections.Frozen;
using System.Diagnostics;
using DaprShop.Local.Grpc;
using DaprShop.Local.Hosting;
using DaprShop.Local.Invocation;

namespace DaprShop.Local.Tracing;

/// <summary>
/// The apps whose sidecars make spans: those with a collector. A call of the API is a span, and from there on its request bears that
/// span's context, so that all that comes of it (what is forwarded, published, called) goes on from it.
/// </summary>
public sealed class Tracers : IDisposable
{
    private readonly FrozenDictionary<string, SidecarTracer> _apps;

    /// <exception cref="Configuration.ConfigurationError">What is said of tracing is not as it must be.</exception>
    public Tracers(IEnumerable<AppOptions> apps, IReadOnlyDictionary<string, string> variables) =>
        _apps = apps.Select(app => (app.AppId, Settings: TracingSettings.Read(app.ConfigurationFile, variables)))
            .Where(app => app.Settings is not null)
            .ToFrozenDictionary(app => app.AppId, app => new SidecarTracer(app.AppId, app.Settings!), StringComparer.Ordinal);

    /// <summary>False when no sidecar makes spans: then nothing is asked, measured or made.</summary>
    public bool IsOn => _apps.Count > 0;

    /// <summary>Null for an app that is not traced.</summary>
    internal SidecarTracer? Of(Sidecar sidecar) => IsOn && _apps.TryGetValue(sidecar.AppId, out var tracer) ? tracer : null;

    public Task HandleAsync(HttpContext context, RequestDelegate next) =>
        Of(context.GetSidecar()) is { } tracer && !context.Request.Path.Value!.Contains("/healthz", StringComparison.Ordinal)
            ? TraceAsync(context, next, tracer)
            : next(context);

    /// <summary>Waits no longer for a collector that does not answer than one of them would.</summary>
    public void Dispose() => Task.WaitAll([.. _apps.Values.Select(tracer => Task.Run(tracer.Dispose))]);

    private static async Task TraceAsync(HttpContext context, RequestDelegate next, SidecarTracer tracer)
    {
        using var span = Start(context.Request, tracer);
        if (span is null)
        {
            await next(context);
            return;
        }
        Mark(context, span);
        var status = StatusCodes.Status500InternalServerError;
        try
        {
            await next(context);
            status = context.Response.StatusCode;
        }
        finally
        {
            if (span.IsAllDataRequested) ApiSpan.Describe(span, context, status);
        }
    }

    private static Activity? Start(HttpRequest request, SidecarTracer tracer)
    {
        var headers = request.Headers;
        var parent = (GrpcProxy.IsCall(request) ? TraceBinary.ToTraceParent(headers[TraceBinary.Header]) : null) ?? headers.TraceParent;
        return tracer.Start(request.Path.Value!, KindOf(request), parent, headers.TraceState);
    }

    /// <summary>Who proxies to its own app is the called one.</summary>
    private static ActivityKind KindOf(HttpRequest request) =>
        GrpcProxy.IsCall(request) && !DaprGrpcMethods.IsDapr(request.Path)
            && GrpcProxy.CalleeOf(request.Headers) == request.HttpContext.GetSidecar().AppId
            ? ActivityKind.Server
            : ActivityKind.Client;

    /// <summary>The request goes on in the span's name, and the answer tells it, as daprd's does.</summary>
    private static void Mark(HttpContext context, Activity span)
    {
        var (request, response) = (context.Request, context.Response);
        request.Headers.TraceParent = span.Id;
        request.Headers.TraceState = span.TraceStateString;
        context.Features.Set(new ApiSpan(span));
        if (!GrpcProxy.IsCall(request))
        {
            response.OnStarting(static state =>
            {
                var (response, span) = ((HttpResponse, Activity))state;
                if (response.Headers.TraceParent.Count > 0) return Task.CompletedTask;
                response.Headers.TraceParent = span.Id;
                if (span.TraceStateString is { } traceState) response.Headers.TraceState = traceState;
                return Task.CompletedTask;
            }, (response, span));
            return;
        }
        var binary = Convert.ToBase64String(TraceBinary.Of(span.Id)!).TrimEnd('=');
        request.Headers[TraceBinary.Header] = binary;
        if (!DaprGrpcMethods.IsDapr(request.Path)) return;
        response.Headers[TraceBinary.Header] = binary;
        if (request.Path.Value!.EndsWith("/InvokeService", StringComparison.Ordinal)) response.Headers.TraceParent = span.Id;
    }
}
