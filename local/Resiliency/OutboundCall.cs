using Polly;
using Polly.CircuitBreaker;

namespace DaprShop.Local.Resiliency;

/// <summary>A call of a component under its outbound policy.</summary>
internal static class OutboundCall
{
    /// <exception cref="ExecutionRejectedException">The policy does not let it go on: see <see cref="Words"/>.</exception>
    public static async Task<T> CallAsync<T>(
        this AppResiliency policies, string component, ComponentKind kind, Func<CancellationToken, Task<T>> call,
        CancellationToken cancellation = default) =>
        policies.Outbound(component, kind) is { } policy
            ? await policy.ExecuteAsync(async limited => await call(limited), cancellation)
            : await call(cancellation);

    /// <summary>As daprd says it.</summary>
    public static string Words(this ExecutionRejectedException rejection) =>
        rejection is BrokenCircuitException ? "circuit breaker is open" : "context deadline exceeded";
}
