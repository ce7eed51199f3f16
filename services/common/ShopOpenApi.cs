using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Infrastructure;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace DaprShop.Common;

/// <summary>
/// The service's API as an OpenAPI document at <c>/openapi/v1.json</c>, when <c>OpenApi=true</c> asks for it: contracts/openapi holds a
/// copy of each, which tests/contracts compares. In the running shop it is off: nobody pays for it at start.
/// </summary>
public static class ShopOpenApi
{
    private const string Bearer = "bearer";
    private const string Sidecar = "sidecar";
    private const string ProblemSchema = "Problem";

    private static readonly string[] s_described = ["api/", "internal/", ".well-known/", "health"];

    /// <summary>The errors that are an endpoint's own to tell. What comes of its body or its caller needs no saying.</summary>
    public static TBuilder Refuses<TBuilder>(this TBuilder endpoint, params int[] statuses) where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new Refusals(statuses));

    internal static void AddShopOpenApi(this WebApplicationBuilder builder, string service)
    {
        if (!IsOn(builder.Configuration)) return;
        builder.Services.AddOpenApi(options =>
        {
            options.ShouldInclude = endpoint => Array.Exists(
                s_described, start => endpoint.RelativePath?.StartsWith(start, StringComparison.Ordinal) ?? false);
            options.AddSchemaTransformer(TellTimes);
            options.AddOperationTransformer(TellCallersAndErrors);
            options.AddDocumentTransformer(async (document, context, cancellation) =>
            {
                document.Info = new() { Title = $"DaprShop {service}", Version = "v1" };
                document.Servers = [];
                document.Tags?.Clear();
                document.AddComponent<IOpenApiSchema>(
                    ProblemSchema, await context.GetOrCreateSchemaAsync(typeof(ProblemBody), cancellationToken: cancellation));
                document.AddComponent<IOpenApiSecurityScheme>(Bearer, new OpenApiSecurityScheme
                {
                    Type = SecuritySchemeType.Http,
                    Scheme = "bearer",
                    BearerFormat = "JWT",
                    Description = "An access token, of POST /api/members/token. Where a role is named, only for those who have it.",
                });
                document.AddComponent<IOpenApiSecurityScheme>(Sidecar, new OpenApiSecurityScheme
                {
                    Type = SecuritySchemeType.ApiKey,
                    In = ParameterLocation.Header,
                    Name = SidecarToken.Header,
                    Description = "APP_API_TOKEN, which the service's own sidecar sends along.",
                });
            });
        });
    }

    internal static void MapShopOpenApi(this WebApplication app)
    {
        if (IsOn(app.Configuration)) app.MapOpenApi();
    }

    private static bool IsOn(IConfiguration configuration) => configuration.GetValue<bool>("OpenApi");

    /// <summary>Behind a converter (<see cref="UtcTimes"/>) the framework sees no text.</summary>
    private static Task TellTimes(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellation)
    {
        var type = context.JsonTypeInfo.Type;
        if ((Nullable.GetUnderlyingType(type) ?? type) != typeof(DateTimeOffset)) return Task.CompletedTask;
        schema.Type = type == typeof(DateTimeOffset) ? JsonSchemaType.String : JsonSchemaType.String | JsonSchemaType.Null;
        schema.Format = "date-time";
        return Task.CompletedTask;
    }

    /// <summary>What the framework does not see: who may call, and that every error is a problem.</summary>
    private static Task TellCallersAndErrors(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellation)
    {
        // Names of classes.
        operation.Tags?.Clear();
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        var callers = context.Description.RelativePath!.StartsWith("internal/", StringComparison.Ordinal)
            ? new Callers(Sidecar, [])
            : Callers.Of(metadata);
        operation.Security = callers?.Security(context.Document!);

        int[] statuses =
        [
            .. operation.RequestBody is null ? [] : (int[])[400, 413, 415],
            .. callers?.Refusals ?? [],
            .. metadata.OfType<Refusals>().SelectMany(refusals => refusals.Statuses),
        ];
        operation.Responses ??= [];
        foreach (var status in statuses.Distinct().Order())
            operation.Responses.Add($"{status}", ProblemResponse(ReasonPhrases.GetReasonPhrase(status), context.Document!));
        operation.Responses.Add("default", ProblemResponse(
            "Any other error. With Retry-After: 429, and 503 when something that the service depends on is away.", context.Document!));
        return Task.CompletedTask;
    }

    private static OpenApiResponse ProblemResponse(string description, OpenApiDocument document) => new()
    {
        Description = description,
        Content = new Dictionary<string, OpenApiMediaType>
        {
            ["application/problem+json"] = new() { Schema = new OpenApiSchemaReference(ProblemSchema, document) },
        },
    };

    private sealed record Refusals(int[] Statuses);

    /// <summary>Who may call an endpoint.</summary>
    /// <param name="Scheme">What they show.</param>
    /// <param name="Roles">Which they must have.</param>
    /// <param name="GuestsToo">Whether they may also show nothing.</param>
    private sealed record Callers(string Scheme, List<string> Roles, bool GuestsToo = false)
    {
        public static Callers? Of(IList<object> metadata)
        {
            if (!metadata.OfType<IAuthorizeData>().Any()) return null;
            var isForStaff = metadata.OfType<IAuthorizeData>().Any(authorize => authorize.Policy == ShopAuth.StaffPolicy)
                || metadata.OfType<AuthorizationPolicy>().Any(policy => policy.Requirements.OfType<ClaimsAuthorizationRequirement>().Any());
            return new Callers(Bearer, isForStaff ? ["staff"] : [], metadata.Contains(ShopAuth.GuestsToo));
        }

        public int[] Refusals => Roles is [] ? [401] : [401, 403];

        public IList<OpenApiSecurityRequirement> Security(OpenApiDocument document)
        {
            var shown = new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Scheme, document)] = Roles };
            return GuestsToo ? [shown, []] : [shown];
        }
    }
}
