using System.Collections.Concurrent;
using System.Globalization;
using DaprShop.Local.Configuration;
using Polly;

namespace DaprShop.Local.Resiliency;

/// <summary>The kinds of component that default policies can be named for, e.g. <c>DefaultPubsubComponentInboundRetryPolicy</c>.</summary>
public enum ComponentKind
{
    Binding,
    Configuration,
    Lock,
    Pubsub,
    Secretstore,
    Statestore,
}

/// <summary>
/// The policies one app's sidecar applies: named policies put together with the targets that name them, with Dapr's default policy
/// names for targets that have no entry of their own. Pipelines are made once a target and kept, for breakers remember.
/// </summary>
public sealed class AppResiliency
{
    private const int MaxRetriesOfBuiltIns = 3;

    /// <summary>Breakers of ids of an actor type that are remembered, when the file does not say how many; as daprd.</summary>
    private const int DefaultCacheSize = 5000;

    private static readonly TargetPolicy s_actorNotFound = new(null, RetryPolicy.Constant(TimeSpan.FromSeconds(1), 5), null);

    private readonly TimeProvider _time;
    private readonly Dictionary<string, TimeSpan> _timeouts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, RetryPolicy> _retries = new(StringComparer.Ordinal)
    {
        ["DaprBuiltInServiceRetries"] = RetryPolicy.Constant(TimeSpan.FromSeconds(1), MaxRetriesOfBuiltIns),
        ["DaprBuiltInActorRetries"] = RetryPolicy.Constant(TimeSpan.FromSeconds(1), MaxRetriesOfBuiltIns),
    };
    private readonly Dictionary<string, BreakerPolicy> _breakers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (TargetPolicy Policy, int? CacheSize)> _apps = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (TargetPolicy Policy, LeastRecentlyUsed<string, ActorPolicy>? PerId)> _actors =
        new(StringComparer.Ordinal);
    private readonly Dictionary<string, (TargetPolicy Inbound, TargetPolicy Outbound)> _components = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, AppPolicy?> _appPolicies = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string, ComponentKind), OutboundPolicy?> _outbound = new();
    private readonly ConcurrentDictionary<(string, ComponentKind), InboundPolicy> _inbound = new();
    private readonly ConcurrentDictionary<string, CircuitBreaker> _componentBreakers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ActorPolicy> _actorTypes = new(StringComparer.Ordinal);

    /// <exception cref="ConfigurationError">A file says something that cannot be.</exception>
    public AppResiliency(IEnumerable<ResiliencySpec> specs, TimeProvider time)
    {
        _time = time;
        ActorNotFound = s_actorNotFound.Build(time)!;
        ResiliencySpec[] files = [.. specs];
        foreach (var spec in files) AddPolicies(spec);
        foreach (var spec in files) AddTargets(spec);
        ServiceRetries = new TargetPolicy(null, _retries["DaprBuiltInServiceRetries"], null).Build(time)!;
    }

    /// <summary>Built in: what an invocation between sidecars does when the other cannot be reached.</summary>
    public ResiliencePipeline ServiceRetries { get; }

    /// <summary>Built in and not to be changed: an actor's host that is not there is looked for five times more, a second apart.</summary>
    public ResiliencePipeline ActorNotFound { get; }

    /// <summary>For calls of an app; null when nothing applies.</summary>
    public AppPolicy? App(string appId) => _appPolicies.GetOrAdd(appId, static (appId, self) =>
    {
        var (policy, cacheSize) = self._apps.TryGetValue(appId, out var target) ? target : (self.Default("App"), null);
        return AppPolicy.Of(policy, cacheSize, self._time);
    }, this);

    /// <summary>For calls of a component; null when nothing applies.</summary>
    public OutboundPolicy? Outbound(string component, ComponentKind kind) => _outbound.GetOrAdd((component, kind), static (key, self) =>
    {
        var policy = self._components.TryGetValue(key.Item1, out var policies) ? policies.Outbound : self.DefaultOf(key.Item2, "Outbound");
        return self.Build(key.Item1, policy) is { } pipeline ? new OutboundPolicy(pipeline) : null;
    }, this);

    /// <summary>For what a component hands to the app.</summary>
    public InboundPolicy Inbound(string component, ComponentKind kind) => _inbound.GetOrAdd((component, kind), static (key, self) =>
    {
        var policy = self._components.TryGetValue(key.Item1, out var policies) ? policies.Inbound : self.DefaultOf(key.Item2, "Inbound");
        return new InboundPolicy(self.Build(key.Item1, policy with { Retry = null }), policy.Retry);
    }, this);

    /// <summary>True when the actor type has an entry of its own, which replaces the built-in retries.</summary>
    public bool HasActor(string actorType) => _actors.ContainsKey(actorType);

    /// <summary>For calls of an actor; breakers are for the type or, when the file says so, for each id.</summary>
    public ActorPolicy Actor(string actorType, string actorId)
    {
        if (_actors.TryGetValue(actorType, out var target) && target.PerId is { } ids) return ids.Get(actorId);
        return _actorTypes.GetOrAdd(actorType, static (type, self) =>
            self.Build(self._actors.TryGetValue(type, out var target) ? target.Policy : self.Default("Actor")), this);
    }

    private ActorPolicy Build(TargetPolicy policy) => new(
        (policy with { Timeout = null }).Build(_time),
        policy.Timeout > TimeSpan.Zero ? Pause.Reachable(policy.Timeout.Value) : null);

    /// <summary>A component has one breaker for both directions, made by whichever is used first, as in daprd.</summary>
    private ResiliencePipeline? Build(string component, TargetPolicy policy) => policy.Build(
        _time, policy.Breaker is { } breaker ? _componentBreakers.GetOrAdd(component, _ => new CircuitBreaker(breaker, _time)) : null);

    private TargetPolicy DefaultOf(ComponentKind kind, string direction) =>
        Default($"{kind}Component{direction}", $"Component{direction}", "Component");

    /// <summary>For each part, the first of <c>Default{level}{part}Policy</c> that exists, else <c>Default{part}Policy</c>.</summary>
    private TargetPolicy Default(params string[] levels)
    {
        return new TargetPolicy(
            First("Timeout", _timeouts, static timeout => (TimeSpan?)timeout),
            First("Retry", _retries, static retry => retry),
            First("CircuitBreaker", _breakers, static breaker => breaker));

        TResult? First<T, TResult>(string part, Dictionary<string, T> policies, Func<T, TResult?> of)
        {
            foreach (var level in levels.Append(""))
                if (policies.TryGetValue($"Default{level}{part}Policy", out var policy)) return of(policy);
            return default;
        }
    }

    private void AddPolicies(ResiliencySpec spec)
    {
        foreach (var (name, text) in spec.Policies.Timeouts)
            _timeouts[name] = Duration(spec, $"timeouts.{name}", text);
        foreach (var (name, retry) in spec.Policies.Retries)
            AddRetry(spec, name, retry);
        foreach (var (name, breaker) in spec.Policies.CircuitBreakers)
            _breakers[name] = Breaker(spec, $"circuitBreakers.{name}", breaker);
    }

    private void AddTargets(ResiliencySpec spec)
    {
        foreach (var (name, target) in spec.Targets.Apps)
            _apps[name] = (Target(spec, $"apps.{name}", target), CacheSize(spec, $"apps.{name}", target));
        foreach (var (name, target) in spec.Targets.Actors)
            _actors[name] = ActorTarget(spec, $"actors.{name}", target);
        foreach (var (name, target) in spec.Targets.Components)
            _components[name] = (
                Target(spec, $"components.{name}.inbound", target.Inbound), Target(spec, $"components.{name}.outbound", target.Outbound));
    }

    private void AddRetry(ResiliencySpec spec, string name, ResiliencySpec.RetryYaml yaml)
    {
        if (name is "DaprBuiltInActorNotFoundRetries") return;
        var retry = Retry(spec, $"retries.{name}", yaml);
        _retries[name] = name.StartsWith("DaprBuiltIn", StringComparison.Ordinal) && retry.MaxRetries < MaxRetriesOfBuiltIns
            ? retry with { MaxRetries = MaxRetriesOfBuiltIns }
            : retry;
    }

    private static RetryPolicy Retry(ResiliencySpec spec, string where, ResiliencySpec.RetryYaml yaml)
    {
        var exponential = yaml.Policy?.ToLowerInvariant() switch
        {
            null or "" or "constant" => false,
            "exponential" => true,
            _ => throw Error(spec, where, $"policy '{yaml.Policy}' is neither constant nor exponential"),
        };
        return new RetryPolicy(
            exponential,
            exponential ? RetryPolicy.FirstExponentialInterval : Duration(spec, where + ".duration", yaml.Duration ?? "5s"),
            Duration(spec, where + ".maxInterval", yaml.MaxInterval ?? "60s"),
            yaml.MaxRetries ?? -1,
            Statuses(spec, where, yaml.Matching?.HttpStatusCodes, 100, 599),
            Statuses(spec, where, yaml.Matching?.GrpcStatusCodes, 0, 16));
    }

    private static StatusMatch Statuses(ResiliencySpec spec, string where, string? list, int min, int max)
    {
        try
        {
            return StatusMatch.Parse(list, min, max);
        }
        catch (FormatException error)
        {
            throw Error(spec, where + ".matching", error.Message);
        }
    }

    private static BreakerPolicy Breaker(ResiliencySpec spec, string where, ResiliencySpec.BreakerYaml yaml)
    {
        try
        {
            var timeout = Duration(spec, where + ".timeout", yaml.Timeout ?? "60s");
            return new BreakerPolicy(
                yaml.MaxRequests is > 0 and var max ? max : 1,
                Duration(spec, where + ".interval", yaml.Interval ?? "0s"),
                timeout > TimeSpan.Zero ? timeout : TimeSpan.FromSeconds(60),
                yaml.Trip is { Length: > 0 } trip ? TripExpression.Parse(trip) : TripExpression.Default);
        }
        catch (FormatException error)
        {
            throw Error(spec, where + ".trip", error.Message);
        }
    }

    private TargetPolicy Target(ResiliencySpec spec, string where, ResiliencySpec.TargetYaml target) => new(
        target.Timeout is { Length: > 0 } timeout ? Named(spec, where, "timeout", timeout, _timeouts) : null,
        target.Retry is { Length: > 0 } retry ? Named(spec, where, "retry", retry, _retries) : null,
        target.CircuitBreaker is { Length: > 0 } breaker ? Named(spec, where, "circuit breaker", breaker, _breakers) : null);

    private (TargetPolicy Policy, LeastRecentlyUsed<string, ActorPolicy>? PerId) ActorTarget(
        ResiliencySpec spec, string where, ResiliencySpec.ActorTargetYaml target)
    {
        var policy = Target(spec, where, target);
        if (!IsPerId(spec, where, target)) return (policy, null);
        var size = CacheSize(spec, where, target) is { } given and not 0 ? given : DefaultCacheSize;
        return (policy, new LeastRecentlyUsed<string, ActorPolicy>(size, _ => Build(policy)));
    }

    private static int? CacheSize(ResiliencySpec spec, string where, ResiliencySpec.TargetYaml target) =>
        target.CircuitBreakerCacheSize is < 0
            ? throw Error(spec, where, "circuitBreakerCacheSize must not be negative")
            : target.CircuitBreakerCacheSize;

    private static T Named<T>(ResiliencySpec spec, string where, string what, string name, Dictionary<string, T> policies) =>
        policies.TryGetValue(name, out var policy) ? policy : throw Error(spec, where, $"there is no {what} policy '{name}'");

    private static bool IsPerId(ResiliencySpec spec, string where, ResiliencySpec.ActorTargetYaml target) => target switch
    {
        { CircuitBreaker: null or "" } => false,
        { CircuitBreakerScope: "type" } => false,
        { CircuitBreakerScope: "id" or "both" } => true,
        _ => throw Error(spec, where, "circuitBreakerScope must be type, id or both"),
    };

    private static TimeSpan Duration(ResiliencySpec spec, string where, string text)
    {
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var milliseconds))
            return TimeSpan.FromMilliseconds(milliseconds);
        return GoDuration.TryParse(text, out var duration)
            ? duration
            : throw Error(spec, where, $"'{text}' is not a duration such as 5s or 200ms");
    }

    private static ConfigurationError Error(ResiliencySpec spec, string where, string what) => new($"{spec.Source}: {where}: {what}");
}
