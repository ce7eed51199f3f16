using Grpc.Core;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;

namespace DaprShop.Local.Resiliency;

/// <summary>What applies to one target; a null part does not apply.</summary>
public sealed record TargetPolicy(TimeSpan? Timeout, RetryPolicy? Retry, BreakerPolicy? Breaker)
{
    public static TargetPolicy None { get; } = new(null, null, null);

    /// <summary>Set in the context of a call that cannot be made a second time, whatever the policy says.</summary>
    public static ResiliencePropertyKey<bool> OnlyOnce { get; } = new("DaprShop.OnlyOnce");

    /// <summary>
    /// The parts as one pipeline: retries outside, then the breaker, then the time limit of each try, as in daprd. Null when nothing
    /// applies, so that callers without a policy pay nothing. A pipeline has a breaker of its own, unless it is given one.
    /// </summary>
    public ResiliencePipeline? Build(TimeProvider time, CircuitBreaker? shared = null)
    {
        if (this == None) return null;
        var builder = new ResiliencePipelineBuilder { TimeProvider = time };
        if (Retry is { MaxRetries: not 0 } retry)
        {
            builder.AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = retry.MaxRetries < 0 ? int.MaxValue : retry.MaxRetries,
                DelayGenerator = attempt => ValueTask.FromResult<TimeSpan?>(
                    retry.DelayAfter(attempt.AttemptNumber + 1) is { } delay ? Pause.Reachable(delay) : null),
                ShouldHandle = attempt => ValueTask.FromResult(
                    retry.Retries(attempt.Outcome) && !attempt.Context.Properties.GetValue(OnlyOnce, false)),
            });
        }
        if (Breaker is { } breaker) builder.AddStrategy(_ => shared ?? new CircuitBreaker(breaker, time), new CircuitBreakerOptions());
        if (Timeout > TimeSpan.Zero) builder.AddTimeout(new TimeoutStrategyOptions { Timeout = WithinReason(Timeout.Value) });
        return builder.Build();
    }

    /// <summary>What Polly takes.</summary>
    private static TimeSpan WithinReason(TimeSpan timeout) =>
        TimeSpan.FromMilliseconds(Math.Clamp(timeout.TotalMilliseconds, 10, TimeSpan.MillisecondsPerDay));

    private sealed class CircuitBreakerOptions : ResilienceStrategyOptions;
}

/// <summary>What applies to messages that a component hands to the app.</summary>
/// <param name="Attempt">Around one delivery: time limit and breaker; null when there is neither.</param>
/// <param name="Retry">When a failed message is delivered again; null when the component decides.</param>
public sealed record InboundPolicy(ResiliencePipeline? Attempt, RetryPolicy? Retry)
{
    /// <summary>One delivery.</summary>
    public async Task<TResult> AttemptAsync<TResult, TState>(
        Func<TState, CancellationToken, Task<TResult>> deliver, TState state, CancellationToken cancellation = default)
    {
        if (Attempt is null) return await deliver(state, cancellation);
        var context = ResilienceContextPool.Shared.Get(cancellation);
        try
        {
            return await Attempt.ExecuteAsync(
                static (context, call) => new ValueTask<TResult>(call.Deliver(call.State, context.CancellationToken)),
                context, (Deliver: deliver, State: state));
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    /// <summary>Tells what nobody keeps: again and again, as the policy says, and then no more.</summary>
    /// <param name="tell">One try.</param>
    /// <param name="failed">Hears of each try that fails.</param>
    /// <param name="time">For the time between tries.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task TellAsync(Func<CancellationToken, Task> tell, Action<Exception> failed, TimeProvider time, CancellationToken cancellation)
    {
        for (var failures = 1; ; failures++)
        {
            try
            {
                await AttemptAsync(
                    static async (tell, limited) =>
                    {
                        await tell(limited);
                        return true;
                    },
                    tell, cancellation);
                return;
            }
            catch (Exception error) when (error is HttpRequestException or RpcException or ExecutionRejectedException)
            {
                failed(error);
                if (!Retries(error) || Retry!.DelayAfter(failures) is not { } delay) return;
                await Pause.ForAsync(delay, time, cancellation);
            }
        }
    }

    private bool Retries(Exception error) => Retry is not null && error switch
    {
        HttpRequestException { StatusCode: { } status } => Retry.HttpStatuses.Includes((int)status),
        RpcException { StatusCode: var status } => Retry.GrpcStatuses.Includes((int)status),
        BrokenCircuitException => false,
        _ => true,
    };
}

/// <summary>What applies to calls of an actor.</summary>
/// <param name="BeforeTurn">Around the whole call, waiting for the turn included: retries and breaker.</param>
/// <param name="Turn">The time limit of the turn itself.</param>
public sealed record ActorPolicy(ResiliencePipeline? BeforeTurn, TimeSpan? Turn);
