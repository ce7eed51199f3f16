using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting;
using Serilog.Formatting.Compact;
using Serilog.Formatting.Display;

namespace DaprShop.Common;

/// <summary>Structured logs to standard output: readable text, or one JSON object a line with <c>Logging__Format=json</c>. Both carry the trace id.</summary>
public static class ShopLogging
{
    private const string Template = "{Timestamp:HH:mm:ss.fff} {Level:u3} {Message:lj} {TraceId}{NewLine}{Exception}";

    internal static void AddShopLogging(this WebApplicationBuilder builder, string service)
    {
        var level = builder.Configuration.GetValue("Logging:Level", LogEventLevel.Information);
        ITextFormatter format = builder.Configuration["Logging:Format"] == "json"
            ? new CompactJsonFormatter()
            : new MessageTemplateTextFormatter(Template);
        // The static logger stays untouched: several services may share this process.
        builder.Services.AddSerilog(
            (services, logger) => logger
                .MinimumLevel.Is(level)
                .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
                .MinimumLevel.Override("Microsoft.Hosting.Lifetime", LogEventLevel.Information)
                .MinimumLevel.Override("System.Net.Http", LogEventLevel.Warning)
                .MinimumLevel.Override("Dapr", LogEventLevel.Warning)
                .MinimumLevel.Override("Grpc", LogEventLevel.Warning)
                .Enrich.FromLogContext()
                .Enrich.WithProperty("Service", service)
                .WriteTo.Sink(new TextSink(format, services.GetService<TextWriter>() ?? Console.Out)),
            preserveStaticLogger: true);
    }

    /// <summary>One line a request: debug when it went well, warning for 5xx. Paths only, never query strings, bodies or headers.</summary>
    internal static void UseShopRequestLogging(this WebApplication app) => app.UseSerilogRequestLogging(options =>
    {
        options.MessageTemplate = "{RequestMethod} {RequestPath} {StatusCode} in {Elapsed:0.0} ms";
        options.IncludeQueryInRequestPath = false;
        options.GetLevel = (context, _, error) => error is not null || context.Response.StatusCode >= 500
            ? LogEventLevel.Warning
            : LogEventLevel.Debug;
    });

    /// <summary>Standard output, or the writer in the container: who hosts several services in one process tells their lines apart.</summary>
    private sealed class TextSink(ITextFormatter format, TextWriter output) : ILogEventSink
    {
        public void Emit(LogEvent logEvent)
        {
            using var text = new StringWriter(CultureInfo.InvariantCulture);
            format.Format(logEvent, text);
            output.Write(text);
        }
    }
}
