using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Dapr.Client;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace DaprShop.Common;

/// <summary>What every service of the shop is made of, whatever it sells: address, JSON, logs, telemetry, errors, health, sidecar, tokens.</summary>
public static class ShopDefaults
{
    /// <summary>The largest request body a service reads unless an endpoint says otherwise: 1 MiB, as the gateway's limit.</summary>
    public const long MaxBodyBytes = 1024 * 1024;

    /// <summary>Adds the defaults. All settings come from <see cref="IConfiguration"/>, so two services can live in one process.</summary>
    /// <param name="builder">The service's builder.</param>
    /// <param name="service">The app id.</param>
    /// <param name="json">The service's source-generated JSON types, used before reflection is.</param>
    public static WebApplicationBuilder AddShopDefaults(this WebApplicationBuilder builder, string service, JsonSerializerContext? json = null)
    {
        builder.Services.AddSingleton(new ServiceName(service));
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
            // Any byte is a character: what is wrong with a header is for its reader to say. Kestrel would answer invalid UTF-8 without a word.
            kestrel.RequestHeaderEncodingSelector = _ => Encoding.Latin1;
        });
        // No handler blocks, so what a socket brings is handled where it arrives: a sixth less CPU for a hop between two processes.
        builder.WebHost.UseSockets(sockets => sockets.UnsafePreferInlineScheduling = true);
        ListenOnAppPort(builder);
        builder.AddShopLogging(service);
        builder.AddShopTelemetry(service);
        builder.AddShopOpenApi(service);
        builder.Services.AddShopProblems();
        Draining.Add(builder.Services);
        builder.Services.AddShopAuth();
        builder.Services.ConfigureHttpJsonOptions(options => ConfigureJson(options.SerializerOptions, json));
        builder.Services.AddDaprClient(dapr => dapr
            .UseJsonSerializationOptions(CreateJsonOptions(json))
            .UseGrpcChannelOptions(new GrpcChannelOptions { HttpHandler = new SidecarTimeLimit(), ThrowOperationCanceledOnCancellation = true }));
        builder.Services.AddSingleton<SidecarHttp>().AddSingleton<Peers>();
        builder.Services.AddSingleton(provider => new StateStore(provider.GetRequiredService<DaprClient>(), $"{service}-store"));
        builder.Services.AddSingleton<EventPublisher>();
        builder.Services.AddSingleton<TopicHandlers>().AddSingleton<DeliveryFailures>().AddSingleton<DeadLetters>();
        SidecarToken.Require(builder);
        ExitWithParent.Add(builder.Services, builder.Configuration);
        builder.Services.AddHostedService<IdleMemory>();
        return builder;
    }

    /// <summary>Adds the middleware and the endpoints every service has. Call it before mapping the service's own endpoints.</summary>
    /// <param name="app">The service.</param>
    /// <param name="errors">How errors leave a service that has people for clients; as problem+json when null.</param>
    public static WebApplication UseShopDefaults(this WebApplication app, Action<WebApplication>? errors = null)
    {
        (errors ?? Problems.UseShopProblems)(app);
        app.Use((context, next) => BodyLimit.IsExceeded(context, MaxBodyBytes) ? throw BodyLimit.Error()
            : JsonCharset.IsSupported(context.Request) ? next(context) : throw JsonCharset.Error());
        app.UseShopRequestLogging();
        app.UseSidecarToken();
        app.UseCloudEvents();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapHealthChecks("/healthz");
        app.MapSubscribeHandler();
        app.MapShopOpenApi();
        return app;
    }

    /// <summary>JSON as on every wire of the shop: camelCase, no nulls, enums as camelCase strings.</summary>
    public static JsonSerializerOptions CreateJsonOptions(JsonSerializerContext? json = null)
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web);
        ConfigureJson(options, json);
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }

    private static void ConfigureJson(JsonSerializerOptions options, JsonSerializerContext? json)
    {
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.RespectNullableAnnotations = true;
        options.RespectRequiredConstructorParameters = true;
        options.Converters.Add(new UtcTimes());
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false));
        options.TypeInfoResolverChain.Clear();
        if (json is not null) options.TypeInfoResolverChain.Add(json.WithAddedModifier(AllowMissingNullables));
        options.TypeInfoResolverChain.Add(new DefaultJsonTypeInfoResolver().WithAddedModifier(AllowMissingNullables));
    }

    /// <summary>Since nulls are not written, what may be null may also be missing.</summary>
    private static void AllowMissingNullables(JsonTypeInfo type)
    {
        foreach (var property in type.Properties)
            if (property.AssociatedParameter?.IsNullable ?? false) property.IsRequired = false;
    }

    /// <summary>Dapr's tooling tells an app its port as <c>APP_PORT</c>; containers use <c>ASPNETCORE_HTTP_PORTS</c> instead.</summary>
    private static void ListenOnAppPort(WebApplicationBuilder builder)
    {
        if (builder.Configuration["APP_PORT"] is { Length: > 0 } port && builder.Configuration["urls"] is null or "")
            builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
    }
}

/// <summary>The app id of the service that is running.</summary>
public sealed record ServiceName(string Value);
