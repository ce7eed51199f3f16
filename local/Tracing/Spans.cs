using System.Diagnostics;

namespace DaprShop.Local.Tracing;

/// <summary>What is said of a span, if anybody hears it.</summary>
internal static class Spans
{
    /// <summary>What is not sampled is not described.</summary>
    public static Activity Tag(this Activity span, string key, string value) =>
        span.IsAllDataRequested && value.Length > 0 ? span.SetTag(key, value) : span;

    public static void Fail(this Activity? span, string reason) => span?.SetStatus(ActivityStatusCode.Error, reason);

    /// <summary>As daprd tells of an answer over HTTP.</summary>
    public static void Answered(this Activity? span, int status)
    {
        if (status < StatusCodes.Status400BadRequest) return;
        var reason = Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status);
        span.Fail($"Code({status}): {(reason.Length > 0 ? reason : "Unknown")}");
    }
}
