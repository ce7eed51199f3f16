using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace DaprShop.Common;

/// <summary>Every error leaves a service as problem+json: what an endpoint throws, what a body cannot be bound from, and bare status codes.</summary>
public static class Problems
{
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
        services.AddExceptionHandler<ExceptionToProblem>();
    }

    internal static void UseShopProblems(this WebApplication app)
    {
        app.UseExceptionHandler();
        app.UseStatusCodePages(context => ForStatus(context.HttpContext.Response.StatusCode).ExecuteAsync(context.HttpContext));
    }

    private static Problem ForStatus(int status) => new(status, s_details.GetValueOrDefault(status, "The request failed."));

    private sealed class ExceptionToProblem(ILogger<ExceptionToProblem> logger) : IExceptionHandler
    {
        public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
        {
            if (exception is OperationCanceledException && httpContext.RequestAborted.IsCancellationRequested) return true;
            await ToProblem(exception).ExecuteAsync(httpContext);
            return true;
        }

        private Problem ToProblem(Exception exception)
        {
            switch (exception)
            {
                // The framework's message names CLR parameters and types; the status is all a client needs.
                case BadHttpRequestException bad:
                    return ForStatus(bad.StatusCode);
                case PeerUnavailableException peer:
                    logger.LogWarning("{Peer} is unavailable: {Reason}", peer.Peer, peer.InnerException?.Message ?? peer.Message);
                    return Problem.Unavailable($"The {peer.Peer} service is unavailable; try again.");
                case HttpRequestException or Grpc.Core.RpcException or Dapr.DaprException or TimeoutException or TaskCanceledException:
                    logger.LogWarning(exception, "The sidecar or a peer did not answer");
                    return Problem.Unavailable("Something this service depends on is unavailable; try again.");
                default:
                    logger.LogError(exception, "Unhandled error");
                    return new Problem(StatusCodes.Status500InternalServerError, "Something went wrong on our side.");
            }
        }
    }
}

/// <summary>A service this one depends on did not answer, or answered 5xx: a 503 to the client.</summary>
public sealed class PeerUnavailableException(string peer, Exception? inner = null)
    : Exception($"{peer} is unavailable.", inner)
{
    public string Peer { get; } = peer;
}
