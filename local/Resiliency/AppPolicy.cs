using Polly;

namespace DaprShop.Local.Resiliency;

/// <summary>
/// What applies to an app's calls of another. Each method of the other has a breaker of its own, whichever replica answers and however it
/// is called; the breakers of those called last are remembered, as in daprd (<c>pkg/resiliency</c>).
/// </summary>
public sealed class AppPolicy
{
    /// <summary>Methods that are remembered, when the file does not say how many.</summary>
    private const int DefaultCacheSize = 100;

    private readonly ResiliencePipeline? _whole;
    private readonly LeastRecentlyUsed<string, ResiliencePipeline>? _perMethod;

    private AppPolicy(TargetPolicy policy, int? cacheSize, TimeProvider time)
    {
        Retries = policy.Retry is { MaxRetries: not 0 };
        Timeout = policy.Timeout > TimeSpan.Zero ? policy.Timeout : null;
        if (policy.Breaker is null) _whole = policy.Build(time);
        else _perMethod = new(cacheSize is null or 0 ? DefaultCacheSize : cacheSize.Value, _ => policy.Build(time)!);
    }

    /// <summary>True when a call may be made more than once.</summary>
    public bool Retries { get; }

    /// <summary>How long a try may take; null for ever.</summary>
    public TimeSpan? Timeout { get; }

    /// <summary>False when all methods share one pipeline.</summary>
    public bool IsPerMethod => _perMethod is not null;

    /// <summary>Null when nothing applies.</summary>
    internal static AppPolicy? Of(TargetPolicy policy, int? cacheSize, TimeProvider time) =>
        policy == TargetPolicy.None ? null : new AppPolicy(policy, cacheSize, time);

    /// <param name="method">A path as the app hears it, without first slash and query, not escaped; of a proxied call, its path.</param>
    public ResiliencePipeline For(string method) => _perMethod?.Get(method) ?? _whole!;
}
