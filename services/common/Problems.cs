using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace DaprShop.Common;

/// <summary>Every error leaves a service as problem+json: what an endpoint throws, what a body cannot be bound from, and bare status codes.</summary>
public static partial class Problems
{
    private static readonly string[] s_unreadable = ["Missing, or not of the right type."];

    private static readonly Dictionary<int, string> s_details = new()
    {
        [400] = "The request is malformed.",
        [401] = "A valid bearer token is required.",
        [403] = "This is not allowed with your role.",
        [404] = "There is nothing here.",
        [405] = "This method is not allowed here.",
        [413] = "The request body is too large.",
        [415] = "The content type is not supported; send application/json.",
    };

    internal static void AddShopProblems(this IServiceCollection services)
    {
        services.AddProblemDetails();
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
    }

    /// <summary>Turns every error of what comes after into a problem.</summary>
    public static void UseShopProblems(this IApplicationBuilder app)
    {
        var logger = app.ApplicationServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(Problems));
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            ExceptionHandler = context => AnswerAsync(context, logger),
            SuppressDiagnosticsCallback = _ => true,
        });
        app.UseStatusCodePages(context => ForStatus(context.HttpContext.Response.StatusCode).ExecuteAsync(context.HttpContext));
    }

    /// <summary>The sidecar, or somebody behind it, did not answer, or refused: nothing that this request or event is to blame for.</summary>
    internal static bool IsOutage(Exception error) => error
        is PeerUnavailableException or HttpRequestException or SocketException or Grpc.Core.RpcException or Dapr.DaprException
        or TimeoutException or OperationCanceledException;

    /// <summary>Which fields of the body, or parameter of the query, could not be read; null when the framework does not tell.</summary>
    private static Dictionary<string, string[]>? ErrorsOf(BadHttpRequestException error)
    {
        var fields = error.InnerException is JsonException json ? FieldsOf(json).ToArray() : [.. Names(ParameterPattern(), error.Message)];
        return fields is [] ? null : fields.ToDictionary(field => field, _ => s_unreadable);
    }

    private static IEnumerable<string> FieldsOf(JsonException error)
    {
        var at = error.Path is ['$', '.', .. { Length: <= 100 } path] ? path : "";
        var missing = Names(MissingPattern(), error.Message).Select(name => at.Length > 0 ? $"{at}.{name}" : name);
        return missing.Any() || at.Length == 0 ? missing : [at];
    }

    private static IEnumerable<string> Names(Regex pattern, string message) =>
        pattern.Matches(message).Select(match => match.Groups["name"].Value).Distinct();

    private static Problem ForStatus(int status) => new(status, s_details.GetValueOrDefault(status, "The request failed."));

    private static Task AnswerAsync(HttpContext context, ILogger logger)
    {
        var error = context.Features.Get<IExceptionHandlerFeature>()!.Error;
        return error is OperationCanceledException && context.RequestAborted.IsCancellationRequested
            ? Task.CompletedTask
            : ForError(error, logger).ExecuteAsync(context);
    }

    private static Problem ForError(Exception error, ILogger logger)
    {
        switch (error)
        {
            // The framework's message names CLR parameters and types; a client needs the status, and the field when there is one.
            case BadHttpRequestException bad:
                return ForStatus(bad.StatusCode) with { Errors = ErrorsOf(bad) };
            case PeerUnavailableException peer:
                logger.LogWarning("{Peer} is unavailable: {Reason}", peer.Peer, peer.InnerException?.Message ?? peer.Message);
                return Problem.Unavailable($"The {peer.Peer} service is unavailable; try again.");
            case { } outage when IsOutage(outage):
                logger.LogWarning(error, "The sidecar or a peer did not answer");
                return Problem.Unavailable("Something this service depends on is unavailable; try again.");
            default:
                logger.LogError(error, "Unhandled error");
                return new Problem(StatusCodes.Status500InternalServerError, "Something went wrong on our side.");
        }
    }

    [GeneratedRegex("^Failed to bind parameter \"[^\"]* (?<name>\\w+)\" from ")]
    private static partial Regex ParameterPattern();

    [GeneratedRegex("(?<=missing required properties including: .*)'(?<name>\\w+)'")]
    private static partial Regex MissingPattern();
}

/// <summary>A service this one depends on did not answer, or answered 5xx: a 503 to the client.</summary>
public sealed class PeerUnavailableException(string peer, Exception? inner = null)
    : Exception($"{peer} is unavailable.", inner)
{
    public string Peer { get; } = peer;
}
