using System.Diagnostics;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace DaprShop.Common;

/// <summary>An error answer: <c>application/problem+json</c> (RFC 9457) with a trace id, for use in <c>Results&lt;…&gt;</c> unions.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">One sentence for a person, with nothing secret in it.</param>
/// <param name="Errors">Field → messages, for validation.</param>
/// <param name="RetryAfter">Sent as <c>Retry-After</c>, whole seconds, at least 1.</param>
public sealed record Problem(
    int Status, string Detail, IReadOnlyDictionary<string, string[]>? Errors = null, TimeSpan? RetryAfter = null)
    : IResult, IStatusCodeHttpResult
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
        var body = new ProblemBody(
            $"https://www.rfc-editor.org/rfc/rfc9110#section-15.{Status / 100 + 1}", ReasonPhrases.GetReasonPhrase(Status), Status, Detail,
            Activity.Current?.TraceId.ToHexString() ?? httpContext.TraceIdentifier, Errors);
        if (RetryAfter is { } after)
            httpContext.Response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(after.TotalSeconds)).ToString();
        httpContext.Response.StatusCode = Status;
        return httpContext.Response.WriteAsJsonAsync(body, options: null, "application/problem+json", httpContext.RequestAborted);
    }
}

/// <summary>RFC 9457, as it is written.</summary>
/// <param name="Type">Where the status is explained.</param>
/// <param name="Title">The status in words.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">One sentence for a person.</param>
/// <param name="TraceId">What the request is found by in traces and logs.</param>
/// <param name="Errors">Field → messages, for validation.</param>
internal sealed record ProblemBody(
    string Type, string Title, int Status, string Detail, string TraceId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, string[]>? Errors = null);
