namespace DaprShop.Local.AppHealth;

/// <summary>
/// How a sidecar asks its app whether it is well (<c>enableAppHealthCheck</c>); defaults are daprd's.
/// https://docs.dapr.io/operations/resiliency/health-checks/app-health/
/// </summary>
public sealed record HealthCheck
{
    /// <summary>Where an app is asked that speaks HTTP; with a query, if need be.</summary>
    public string Path { get; init; } = "/healthz";

    /// <summary>From one question to the next.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>For an answer.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>After so many failures the app is unwell.</summary>
    public int Threshold { get; init; } = 3;
}
