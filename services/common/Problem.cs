using System.Diagnostics;
using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;

namespace DaprShop.Common;

/// <summary>An error answer: <c>application/problem+json</c> (RFC 9457) with a trace id, for use in <c>Results&lt;…&gt;</c> unions.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">One sentence for a person, with nothing secret in it.</param>
/// <param name="Errors">Field → messages, for validation.</param>
/// <param name="RetryAfter">Sent as <c>Retry-After</c>, whole seconds, at least 1.</param>
public sealed record Problem(
    int Status, string Detail, IReadOnlyDictionary<string, string[]>? Errors = null, TimeSpan? RetryAfter = null)
    : IResult, IStatusCodeHttpResult, IEndpointMetadataProvider
{
    int? IStatusCodeHttpResult.StatusCode => Status;

    public static Problem BadRequest(string detail) => new(StatusCodes.Status400BadRequest, detail);

    /// <summary>400 with a message for each wrong field.</summary>
    public static Problem Invalid(IReadOnlyDictionary<string, string[]> errors) =>
        new(StatusCodes.Status400BadRequest, "One or more fields are invalid.", errors);

    public static Problem Unauthorized(string detail) => new(StatusCodes.Status401Unauthorized, detail);

    public static Problem NotFound(string detail) => new(StatusCodes.Status404NotFound, detail);

    public static Problem Conflict(string detail) => new(StatusCodes.Status409Conflict, detail);

    public static Problem Stale(string detail) => new(StatusCodes.Status412PreconditionFailed, detail);

    public static Problem Unprocessable(string detail) => new(StatusCodes.Status422UnprocessableEntity, detail);

    public static Problem TooMany(TimeSpan retryAfter) => new(StatusCodes.Status429TooManyRequests, "Too many attempts; try again later.", RetryAfter: retryAfter);

    public static Problem Unavailable(string detail) =>
        new(StatusCodes.Status503ServiceUnavailable, detail, RetryAfter: TimeSpan.FromSeconds(1));

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var body = new ProblemDetails
        {
            Type = $"https://www.rfc-editor.org/rfc/rfc9110#section-15.{Status / 100 + 1}",
            Title = ReasonPhrases.GetReasonPhrase(Status),
            Status = Status,
            Detail = Detail,
        };
        body.Extensions["traceId"] = Activity.Current?.TraceId.ToHexString() ?? httpContext.TraceIdentifier;
        if (Errors is not null) body.Extensions["errors"] = Errors;
        if (RetryAfter is { } after)
            httpContext.Response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(after.TotalSeconds)).ToString();
        httpContext.Response.StatusCode = Status;
        return httpContext.Response.WriteAsJsonAsync(body, options: null, "application/problem+json", httpContext.RequestAborted);
    }

    static void IEndpointMetadataProvider.PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status400BadRequest, typeof(ProblemDetails), ["application/problem+json"]));
}
