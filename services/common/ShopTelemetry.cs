using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace DaprShop.Common;

/// <summary>Traces and metrics over OTLP, when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> says where to; otherwise nothing is loaded.</summary>
public static class ShopTelemetry
{
    /// <summary>Services that make spans or meters of their own name them so; all <c>DaprShop.*</c> sources are exported.</summary>
    public const string SourcePrefix = "DaprShop.";

    internal static void AddShopTelemetry(this WebApplicationBuilder builder, string service)
    {
        if (string.IsNullOrWhiteSpace(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"])) return;
        builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(service, "daprshop"))
            .WithTracing(tracing => tracing
                .AddSource(SourcePrefix + "*")
                // Between a call to the sidecar and its HTTP request: without it the latter would have a parent that nobody was told of.
                .AddSource("Grpc.Net.Client")
                .AddAspNetCoreInstrumentation(options => options.Filter = context => context.Request.Path != "/healthz")
                .AddHttpClientInstrumentation())
            .WithMetrics(metrics => metrics
                .AddMeter(SourcePrefix + "*")
                .AddAspNetCoreInstrumentation()
                .AddHttpClientInstrumentation()
                .AddRuntimeInstrumentation())
            .UseOtlpExporter();
    }
}
