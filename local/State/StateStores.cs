using System.Collections.Frozen;
using DaprShop.Local.Configuration;
using DaprShop.Local.Errors;
using DaprShop.Local.Hosting;
using DaprShop.Local.Redis;
using DaprShop.Local.Resiliency;
using Grpc.Core;
using Microsoft.AspNetCore.WebUtilities;

namespace DaprShop.Local.State;

/// <summary>The state stores of every app, by component name. Components that name the same file share one store.</summary>
public sealed class StateStores : IAsyncDisposable
{
    private const string Prefix = "state.";

    private static readonly TimeSpan s_busy = TimeSpan.FromSeconds(2);

    /// <summary>Of an embedded store that says nothing of it.</summary>
    private static readonly TimeSpan s_cleanup = TimeSpan.FromHours(1);

    private readonly DataDirectory _data;
    private readonly RedisServers _redis;
    private readonly ResiliencyPolicies _resiliency;
    private readonly TimeProvider _time;
    private readonly Dictionary<string, IStateStore> _opened = new(StringComparer.Ordinal);
    private readonly FrozenDictionary<string, FrozenDictionary<string, StateComponent>> _components;

    /// <exception cref="ConfigurationError">A component that cannot be served.</exception>
    public StateStores(AppRegistry apps, DataDirectory data, RedisServers redis, ResiliencyPolicies resiliency, TimeProvider time)
    {
        _data = data;
        _redis = redis;
        _resiliency = resiliency;
        _time = time;
        _components = apps.Sidecars.DistinctBy(sidecar => sidecar.AppId).ToFrozenDictionary(
            sidecar => sidecar.AppId,
            sidecar => sidecar.Components
                .Where(spec => spec.Type.StartsWith(Prefix, StringComparison.Ordinal))
                .ToFrozenDictionary(spec => spec.Name, spec => Create(spec, sidecar.AppId), StringComparer.Ordinal));
    }

    /// <exception cref="DaprError">The sidecar has no such store.</exception>
    public StateComponent Of(Sidecar sidecar, string name)
    {
        var components = _components[sidecar.AppId];
        if (components.TryGetValue(name, out var component)) return component;
        var app = new Dictionary<string, string> { ["appID"] = sidecar.AppId };
        throw components.Count == 0
            ? new DaprError(500, "ERR_STATE_STORE_NOT_CONFIGURED", StatusCode.FailedPrecondition, $"state store {name} is not configured")
            {
                Details = new ErrorDetails("DAPR_STATE_NOT_CONFIGURED", app) { HasMetadataOverHttpOnly = true },
            }
            : new DaprError(400, "ERR_STATE_STORE_NOT_FOUND", StatusCode.InvalidArgument, $"state store {name} is not found")
            {
                Details = new ErrorDetails("DAPR_STATE_NOT_FOUND", app) { HasMetadataOverHttpOnly = true },
            };
    }

    /// <summary>The store with <c>actorStateStore: "true"</c>; null when the sidecar has none.</summary>
    public StateComponent? ActorStore(Sidecar sidecar) => _components[sidecar.AppId].Values.FirstOrDefault(component => component.IsActorStore);

    public async ValueTask DisposeAsync()
    {
        foreach (var store in _opened.Values) await store.DisposeAsync();
    }

    private StateComponent Create(ComponentSpec spec, string appId)
    {
        var settings = new ComponentSettings(spec);
        foreach (var unserved in (string[])["outboxPublishPubsub", "outboxPublishTopic", "primaryEncryptionKey"])
            if (settings.Text(unserved) is not null) throw settings.Error($"{unserved} is not served by the local runtime");
        var keyPrefix = settings.Text("keyPrefix") ?? "appid";
        if (keyPrefix.Contains(StateComponent.Separator, StringComparison.Ordinal))
            throw settings.Error($"keyPrefix must not contain '{StateComponent.Separator}'");
        return new StateComponent(
            spec.Name, Open(spec, settings), KeyPrefix(keyPrefix, spec.Name, appId), settings.Flag("actorStateStore"),
            _resiliency.For(appId).Outbound(spec.Name, ComponentKind.Statestore));
    }

    /// <summary>Without a namespace, which a single machine does not have, <c>namespace</c> means <c>appid</c>, as in daprd.</summary>
    private static string KeyPrefix(string strategy, string store, string appId) => strategy.ToLowerInvariant() switch
    {
        "none" => "",
        "name" => store + StateComponent.Separator,
        "appid" or "namespace" => appId + StateComponent.Separator,
        var constant => constant + StateComponent.Separator,
    };

    private IStateStore Open(ComponentSpec spec, ComponentSettings settings) => spec.Type switch
    {
        "state.sqlite" => OpenSqlite(spec, settings),
        "state.in-memory" => Shared($"memory {spec.Name}", () => new InMemoryStateStore(_time)),
        "state.redis" when _redis.IsGiven => new RedisStateStore(_redis.Open(settings), settings.Duration("ttlInSeconds")),
        "state.redis" => OpenSqlite(new SqliteStateOptions(_data.Resolve($"{spec.Name}.db"), "state", s_cleanup, s_busy), settings),
        _ => throw settings.Error($"the local runtime does not serve {spec.Type}; it has state.sqlite, state.redis and state.in-memory"),
    };

    private IStateStore OpenSqlite(ComponentSpec spec, ComponentSettings settings)
    {
        var connection = settings.Text("connectionString") ?? settings.Text("url") ?? throw settings.Error("connectionString is missing");
        var file = connection.StartsWith("file:", StringComparison.OrdinalIgnoreCase) ? connection[5..] : connection;
        var query = QueryHelpers.ParseQuery(file.IndexOf('?') is >= 0 and var end ? file[end..] : "");
        file = file.Split('?')[0];
        var mode = query.GetValueOrDefault("mode").FirstOrDefault();
        if (mode == "ro" || query.ContainsKey("immutable") || settings.Flag("disableWAL"))
            throw settings.Error("mode=ro, immutable and disableWAL are not served by the local runtime");
        if (mode == "memory" || file.StartsWith(":memory:", StringComparison.OrdinalIgnoreCase))
            return Shared($"memory {spec.Name}", () => new InMemoryStateStore(_time));
        if (Path.GetFileName(file).Length == 0) throw settings.Error($"connectionString '{connection}' names no file");
        var options = new SqliteStateOptions(
            _data.Resolve(file),
            settings.Text("tableName") ?? "state",
            settings.Duration("cleanupInterval") ?? settings.Duration("cleanupIntervalInSeconds") ?? TimeSpan.Zero,
            settings.Duration("busyTimeout") ?? s_busy);
        if (!options.Table.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_'))
            throw settings.Error($"tableName '{options.Table}' is not an identifier");
        return OpenSqlite(options, settings);
    }

    private IStateStore OpenSqlite(SqliteStateOptions options, ComponentSettings settings)
    {
        try
        {
            return Shared($"sqlite {options.File} {options.Table}", () => new SqliteStateStore(options, _time));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw settings.Error($"cannot open {options.File}: {failure.Message}");
        }
    }

    private IStateStore Shared(string identity, Func<IStateStore> open)
    {
        if (!_opened.TryGetValue(identity, out var store)) _opened[identity] = store = open();
        return store;
    }
}

/// <summary>A state component as one app sees it.</summary>
/// <param name="Name">Of the component.</param>
/// <param name="Store">Where the state is.</param>
/// <param name="KeyPrefix">What is put before the app's keys, separator included.</param>
/// <param name="IsActorStore">Whether the app's actors keep their state here.</param>
/// <param name="Policy">For every call of the store; null when nothing applies.</param>
public sealed record StateComponent(string Name, IStateStore Store, string KeyPrefix, bool IsActorStore, OutboundPolicy? Policy)
{
    public const string Separator = "||";

    /// <summary>The full key of an app's key.</summary>
    /// <exception cref="DaprError">The key contains the separator.</exception>
    public string FullKey(string key) => key.Contains(Separator, StringComparison.Ordinal) ? throw Malformed(key) : KeyPrefix + key;

    private static DaprError Malformed(string key)
    {
        var problem = $"input key/keyPrefix '{key}' can't contain '{Separator}'";
        return new DaprError(400, "ERR_MALFORMED_REQUEST", StatusCode.InvalidArgument, problem)
        {
            HttpMessage = $"api error: code = InvalidArgument desc = {problem}",
        };
    }
}
