using Grpc.Core;
using Polly;
using Polly.CircuitBreaker;

namespace DaprShop.Local.Resiliency;

/// <summary>When a failed call is tried again. Defaults and jitter as in Dapr (github.com/cenkalti/backoff).</summary>
/// <param name="Exponential">Otherwise constant.</param>
/// <param name="Interval">Between tries; the first one when exponential.</param>
/// <param name="MaxInterval">The longest wait when exponential.</param>
/// <param name="MaxRetries">Retries after the first try; −1 means no end.</param>
/// <param name="HttpStatuses">The HTTP statuses that are retried.</param>
/// <param name="GrpcStatuses">The gRPC statuses that are retried.</param>
public sealed record RetryPolicy(
    bool Exponential, TimeSpan Interval, TimeSpan MaxInterval, int MaxRetries, StatusMatch HttpStatuses, StatusMatch GrpcStatuses)
{
    private const double Multiplier = 1.5;
    private const double Randomization = 0.5;

    public static TimeSpan FirstExponentialInterval { get; } = TimeSpan.FromMilliseconds(500);

    public static RetryPolicy Constant(TimeSpan interval, int maxRetries) =>
        new(false, interval, TimeSpan.FromSeconds(60), maxRetries, StatusMatch.All, StatusMatch.All);

    /// <summary>How long to wait after failure number <paramref name="failures"/> (1 is the first), or null to give up.</summary>
    public TimeSpan? DelayAfter(int failures)
    {
        if (MaxRetries >= 0 && failures > MaxRetries) return null;
        if (!Exponential) return Interval;
        var interval = Math.Min(MaxInterval.TotalSeconds, Interval.TotalSeconds * Math.Pow(Multiplier, failures - 1));
        return TimeSpan.FromSeconds(interval * (1 + Randomization * (2 * Random.Shared.NextDouble() - 1)));
    }

    /// <summary>True when this outcome is a failure that this policy tries again.</summary>
    public bool Retries(Outcome<object> outcome) => outcome switch
    {
        { Exception: BrokenCircuitException or PermanentFailure } => false,
        { Exception: RpcException error } => GrpcStatuses.Includes((int)error.StatusCode),
        { Exception: not null } => true,
        { Result: HttpResponseMessage response } => Failure.Is(response) && HttpStatuses.Includes((int)response.StatusCode),
        _ => false,
    };
}
