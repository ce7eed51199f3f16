using DaprShop.Local.Actors;
using DaprShop.Local.Bindings;
using DaprShop.Local.ConfigStores;
using DaprShop.Local.Errors;
using DaprShop.Local.Health;
using DaprShop.Local.Invocation;
using DaprShop.Local.Locks;
using DaprShop.Local.PubSub;
using DaprShop.Local.Resiliency;
using DaprShop.Local.Secrets;
using DaprShop.Local.State;

namespace DaprShop.Local.Hosting;

/// <summary>What a sidecar is made of: one line to add a block's services, one line to map its HTTP endpoints.</summary>
internal static class BuildingBlocks
{
    public static void AddBuildingBlocks(this IServiceCollection services)
    {
        services.AddHealth();
        services.AddInvocation();
        services.AddPubSub();
        services.AddResiliency();
        services.AddSecrets();
        services.AddState();
        services.AddActors();
        services.AddBindings();
        services.AddConfiguration();
        services.AddLocks();
    }

    public static void MapBuildingBlocks(this IEndpointRouteBuilder routes)
    {
        routes.MapHealth();
        routes.MapPubSub();
        routes.MapSecrets();
        routes.MapState();
        routes.MapActors();
        routes.MapBindings();
        routes.MapConfiguration();
        routes.MapLocks();
        routes.MapUnserved();
    }
}
