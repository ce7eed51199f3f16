using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace DaprShop.Common;

/// <summary>What a service needs to serve: without it, <c>/healthz</c> is 503.</summary>
public static class Readiness
{
    public static IServiceCollection AddReadiness<T>(this IServiceCollection services, Func<T, bool> isReady) where T : notnull
    {
        services.AddHealthChecks().Add(new HealthCheckRegistration(
            typeof(T).Name, provider => new Check(() => isReady(provider.GetRequiredService<T>())), HealthStatus.Unhealthy, tags: null));
        return services;
    }

    private sealed class Check(Func<bool> isReady) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(isReady() ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("It is starting, or ending."));
    }
}
