using System.Collections.Concurrent;
using DaprShop.Local.Configuration;

namespace DaprShop.Local.Resiliency;

/// <summary>The policies of all sidecars; files are scoped to app ids, and breakers belong to the sidecar that calls.</summary>
public sealed class ResiliencyPolicies
{
    private readonly IReadOnlyList<ResiliencySpec> _specs;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, AppResiliency> _apps = new(StringComparer.Ordinal);

    /// <exception cref="ConfigurationError">A file says something that cannot be.</exception>
    public ResiliencyPolicies(IReadOnlyList<ResiliencySpec> specs, TimeProvider time)
    {
        _specs = specs;
        _time = time;
        _ = new AppResiliency(specs, time);
    }

    /// <summary>The policies of the sidecar of <paramref name="appId"/>.</summary>
    public AppResiliency For(string appId) => _apps.GetOrAdd(appId, static (id, self) =>
        new AppResiliency(self._specs.Where(spec => spec.IsFor(id)), self._time), this);
}
