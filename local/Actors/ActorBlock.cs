using DaprShop.Local.Health;
using DaprShop.Local.Hosting;

namespace DaprShop.Local.Actors;

/// <summary>The actor building block: what its gRPC methods call.</summary>
public sealed class ActorBlock
{
    internal ActorBlock(ActorCalls calls, ActorState state, Reminders reminders, ActorTimers timers) =>
        (Calls, State, Reminders, Timers) = (calls, state, reminders, timers);

    internal ActorCalls Calls { get; }

    internal ActorState State { get; }

    internal Reminders Reminders { get; }

    internal ActorTimers Timers { get; }
}

internal static class ActorBlockServices
{
    public static void AddActors(this IServiceCollection services)
    {
        services.AddSingleton<ActorApp>();
        services.AddSingleton<ActorPlacement>();
        services.AddSingleton<ActorCalls>();
        services.AddSingleton<ActorState>();
        services.AddSingleton<ReminderStore>();
        services.AddSingleton<Reminders>();
        services.AddSingleton<ActorTimers>();
        services.AddSingleton(provider => new ActorBlock(
            provider.GetRequiredService<ActorCalls>(), provider.GetRequiredService<ActorState>(),
            provider.GetRequiredService<Reminders>(), provider.GetRequiredService<ActorTimers>()));
        services.AddSingleton<IMetadataSource, ActorMetadata>();
        // Apps are told about only once everything that waits for them is there.
        services.AddSingleton<IAppObserver>(provider =>
        {
            provider.GetRequiredService<ActorBlock>();
            return provider.GetRequiredService<ActorPlacement>();
        });
    }
}
