using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Serialization;
using DaprShop.Local.Hosting;
using DaprShop.Local.Resiliency;

namespace DaprShop.Local.Actors;

/// <summary>How one actor type wants to be run.</summary>
/// <param name="Name">E.g. <c>OrderActor</c>.</param>
/// <param name="IdleTimeout">An actor without a call for so long is deactivated.</param>
/// <param name="DrainTimeout">How long running calls may go on when the actor moves or its app stops.</param>
/// <param name="IsReentrant">Whether a call that comes back to an actor it has passed is let in.</param>
/// <param name="MaxStackDepth">How often it is let in at most.</param>
internal sealed record ActorType(string Name, TimeSpan IdleTimeout, TimeSpan DrainTimeout, bool IsReentrant, int MaxStackDepth);

/// <summary>An app's answer to <c>GET /dapr/config</c>, as far as actors are concerned.</summary>
internal static class ActorTypes
{
    private static readonly TimeSpan s_idleTimeout = TimeSpan.FromMinutes(60);
    private static readonly TimeSpan s_drainTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_longestDrain = TimeSpan.FromHours(1);
    private const int MaxStackDepth = 32;

    public static FrozenDictionary<string, ActorType> None { get; } = FrozenDictionary<string, ActorType>.Empty;

    /// <exception cref="JsonException">Not the answer of an app that speaks Dapr.</exception>
    public static FrozenDictionary<string, ActorType> Parse(ReadOnlySpan<byte> json)
    {
        if (json.IsEmpty) return None;
        var config = JsonSerializer.Deserialize(json, ActorJson.Default.AppConfig);
        if (config is null) return None;
        var types = NamesIn(config).ToDictionary(name => name, name => Create(name, config), StringComparer.Ordinal);
        foreach (var special in (config.EntitiesConfig ?? []).OfType<EntityConfig>())
            foreach (var name in NamesIn(special).Where(types.ContainsKey))
                types[name] = Create(name, special);
        return types.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>What is said twice counts once, and nothing is no name.</summary>
    private static IEnumerable<string> NamesIn(EntityConfig config) =>
        (config.Entities ?? []).OfType<string>().Distinct(StringComparer.Ordinal);

    private static ActorType Create(string name, EntityConfig config) => new(
        name,
        GoDuration.TryParse(config.ActorIdleTimeout, out var idle) && idle > TimeSpan.Zero ? idle : s_idleTimeout,
        GoDuration.TryParse(config.DrainOngoingCallTimeout, out var drain) && drain >= TimeSpan.Zero && drain <= s_longestDrain
            ? drain
            : s_drainTimeout,
        config.Reentrancy?.Enabled ?? false,
        config.Reentrancy?.MaxStackDepth ?? MaxStackDepth);
}

internal class EntityConfig
{
    public List<string?>? Entities { get; init; }

    public string? ActorIdleTimeout { get; init; }

    public string? DrainOngoingCallTimeout { get; init; }

    public ReentrancyConfig? Reentrancy { get; init; }
}

internal sealed class AppConfig : EntityConfig
{
    public List<EntityConfig?>? EntitiesConfig { get; init; }
}

internal sealed record ReentrancyConfig(bool Enabled, int? MaxStackDepth);

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, MaxDepth = DeepJson.MaxDepth)]
[JsonSerializable(typeof(AppConfig))]
[JsonSerializable(typeof(ScheduleBody))]
[JsonSerializable(typeof(ReminderRegistration))]
internal sealed partial class ActorJson : JsonSerializerContext;
