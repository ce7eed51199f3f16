using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;

namespace DaprShop.Local.Gateway;

/// <summary>The problem+json bodies of the gateway's own refusals, as services/gateway/nginx.conf words them.</summary>
internal static class GatewayProblem
{
    private static readonly Dictionary<int, string> s_details = new()
    {
        [400] = "The request is malformed.",
        [404] = "There is nothing here.",
        [405] = "This method is not allowed here.",
        [408] = "The request took too long to arrive.",
        [413] = "The request body is too large; the limit is 1 MiB.",
        [429] = "Too many requests; try again later.",
        [503] = "The service behind this address is away for the moment; try again.",
    };

    public static Task WriteAsync(HttpContext context, int status)
    {
        var response = context.Response;
        response.Clear();
        response.StatusCode = status;
        response.Headers.CacheControl = "no-store";
        if (status is 429 or 503) response.Headers.RetryAfter = "1";
        var problem = new Body(
            $"https://www.rfc-editor.org/rfc/rfc9110#section-15.{(status < 500 ? 5 : 6)}",
            ReasonPhrases.GetReasonPhrase(status),
            status,
            s_details.GetValueOrDefault(status, "The request failed."),
            PublicRequest.Of(context).Id);
        return response.WriteAsJsonAsync(problem, JsonSerializerOptions.Web, "application/problem+json");
    }

    private sealed record Body(string Type, string Title, int Status, string Detail, string TraceId);
}
