using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace DaprShop.Common;

/// <summary>
/// Calls that only the own sidecar may make (internal API, events, actors, Dapr's discovery) must carry the app API token
/// (<c>APP_API_TOKEN</c>, header <c>dapr-api-token</c>), else anyone who reaches the port could forge events.
/// </summary>
public static class SidecarToken
{
    internal const string Header = "dapr-api-token";

    private static readonly PathString[] s_guarded = ["/internal", "/events", "/actors", "/dapr", "/job"];

    /// <summary>Outside development a missing token is an error at start; in development it means the check is off.</summary>
    internal static void Require(WebApplicationBuilder builder)
    {
        if (Of(builder.Configuration) is null && !builder.Environment.IsDevelopment())
            throw new InvalidOperationException("APP_API_TOKEN is required outside development.");
    }

    internal static void UseSidecarToken(this WebApplication app)
    {
        if (Of(app.Configuration) is not { } token) return;
        var expected = Encoding.UTF8.GetBytes(token);
        app.Use((context, next) => !IsGuarded(context.Request.Path) || Matches(context.Request, expected)
            ? next(context)
            : Problem.Unauthorized("This path is for the service's own sidecar.").ExecuteAsync(context));
    }

    /// <summary>Null in development, where nobody has set one.</summary>
    internal static string? Of(IConfiguration configuration) =>
        configuration["APP_API_TOKEN"] is { Length: > 0 } token ? token : null;

    private static bool IsGuarded(PathString path) => Array.Exists(s_guarded, guarded => path.StartsWithSegments(guarded));

    private static bool Matches(HttpRequest request, byte[] expected) =>
        request.Headers[Header] is [{ } given]
        && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), expected);
}
