using Polly;
using Polly.CircuitBreaker;

namespace DaprShop.Local.Resiliency;

/// <summary>The template of a circuit breaker; each target gets a breaker of its own made from it.</summary>
/// <param name="MaxRequests">Calls let through while half-open; that many successes close it.</param>
/// <param name="Interval">How often the counts of the closed state are cleared; zero for never.</param>
/// <param name="Timeout">How long it stays open before it is half-open.</param>
/// <param name="Trip">Opens the closed breaker when it holds after a failure.</param>
public sealed record BreakerPolicy(int MaxRequests, TimeSpan Interval, TimeSpan Timeout, TripExpression Trip);

/// <summary>
/// Dapr's circuit breaker (the states and counts of github.com/sony/gobreaker) as a Polly strategy; Polly's own trips on a failure
/// ratio, which Dapr's expressions cannot be turned into. A call it does not let through ends in <see cref="BrokenCircuitException"/>.
/// </summary>
public sealed class CircuitBreaker(BreakerPolicy policy, TimeProvider time) : ResilienceStrategy
{
    private readonly Lock _lock = new();
    private State _state = State.Closed;
    private BreakerCounts _counts;
    private long _generation;
    private DateTimeOffset? _expiry = ExpiryOf(policy.Interval, time);

    private enum State
    {
        Closed,
        Open,
        HalfOpen,
    }

    protected override async ValueTask<Outcome<TResult>> ExecuteCore<TResult, TState>(
        Func<ResilienceContext, TState, ValueTask<Outcome<TResult>>> callback, ResilienceContext context, TState state)
    {
        if (Enter(out var generation) is { } refusal) return Outcome.FromException<TResult>(new BrokenCircuitException(refusal));
        var outcome = await callback(context, state).ConfigureAwait(context.ContinueOnCapturedContext);
        Leave(generation, !Failure.Is(outcome));
        return outcome;
    }

    /// <returns>Why not, in gobreaker's words; null when the call may go on.</returns>
    private string? Enter(out long generation)
    {
        lock (_lock)
        {
            MoveWithTime();
            generation = _generation;
            if (_state == State.Open) return "circuit breaker is open";
            if (_state == State.HalfOpen && _counts.Requests >= policy.MaxRequests) return "too many requests";
            _counts = _counts with { Requests = _counts.Requests + 1 };
            return null;
        }
    }

    private void Leave(long generation, bool success)
    {
        lock (_lock)
        {
            MoveWithTime();
            if (generation != _generation) return;
            _counts = success
                ? _counts with
                {
                    TotalSuccesses = _counts.TotalSuccesses + 1,
                    ConsecutiveSuccesses = _counts.ConsecutiveSuccesses + 1,
                    ConsecutiveFailures = 0,
                }
                : _counts with
                {
                    TotalFailures = _counts.TotalFailures + 1,
                    ConsecutiveFailures = _counts.ConsecutiveFailures + 1,
                    ConsecutiveSuccesses = 0,
                };
            if (_state == State.HalfOpen && !success) Become(State.Open);
            else if (_state == State.HalfOpen && _counts.ConsecutiveSuccesses >= policy.MaxRequests) Become(State.Closed);
            else if (_state == State.Closed && !success && policy.Trip.Holds(_counts)) Become(State.Open);
        }
    }

    private void MoveWithTime()
    {
        if (_expiry is not { } expiry || expiry > time.GetUtcNow()) return;
        Become(_state == State.Open ? State.HalfOpen : _state);
    }

    /// <summary>A new generation: counts start again, and calls that began in an older one no longer matter.</summary>
    private void Become(State state)
    {
        _state = state;
        _generation++;
        _counts = default;
        _expiry = state switch
        {
            State.Closed => ExpiryOf(policy.Interval, time),
            State.Open => ExpiryOf(policy.Timeout, time),
            _ => null,
        };
    }

    private static DateTimeOffset? ExpiryOf(TimeSpan span, TimeProvider time) => span > TimeSpan.Zero ? time.GetUtcNow() + span : null;
}
