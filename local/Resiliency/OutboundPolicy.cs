using System.Runtime.ExceptionServices;
using Polly;
using Polly.CircuitBreaker;

namespace DaprShop.Local.Resiliency;

/// <summary>What applies to an app's calls of one component. Where nothing does there is no policy, and a call costs nothing more.</summary>
public sealed class OutboundPolicy(ResiliencePipeline pipeline)
{
    /// <summary>Calls under the policy. A try whose time is over is left to itself; it hears of that by its token.</summary>
    /// <exception cref="CallRefused">There was no time left, or the breaker is open.</exception>
    public async Task<T> CallAsync<T, TState>(
        Func<TState, CancellationToken, Task<T>> call, TState state, CancellationToken cancellation)
    {
        try
        {
            // A store may block; that must not keep its caller beyond the time.
            return await pipeline.ExecuteAsync(
                static async (call, limited) => await Task.Run(() => call.Call(call.State, limited), limited).WaitAsync(limited),
                (Call: call, State: state), cancellation);
        }
        catch (ExecutionRejectedException rejection)
        {
            throw new CallRefused(rejection);
        }
        catch (PermanentFailure failure)
        {
            ExceptionDispatchInfo.Throw(failure.InnerException!);
            throw;
        }
    }

    /// <inheritdoc cref="CallAsync{T,TState}"/>
    public Task CallAsync<TState>(Func<TState, CancellationToken, Task> call, TState state, CancellationToken cancellation) => CallAsync(
        static async (call, limited) =>
        {
            await call.Call(call.State, limited);
            return true;
        },
        (Call: call, State: state), cancellation);
}

/// <summary>A policy did not let a call go on; told in daprd's words.</summary>
public sealed class CallRefused(ExecutionRejectedException rejection)
    : IOException(rejection is BrokenCircuitException ? rejection.Message : "context deadline exceeded", rejection);

/// <summary>A failure that is not tried again, though it counts for the breaker.</summary>
internal sealed class PermanentFailure(Exception cause) : Exception(cause.Message, cause);

internal static class OutboundCall
{
    /// <summary>A call of a component under its policy, if it has one.</summary>
    /// <exception cref="CallRefused">The policy did not let it go on.</exception>
    public static Task<T> CallAsync<T>(
        this AppResiliency policies, string component, ComponentKind kind, Func<CancellationToken, Task<T>> call,
        CancellationToken cancellation) =>
        policies.Outbound(component, kind) is { } policy
            ? policy.CallAsync(static (call, limited) => call(limited), call, cancellation)
            : call(cancellation);
}
