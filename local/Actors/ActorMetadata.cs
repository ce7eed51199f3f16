using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Local.Health;
using DaprShop.Local.Hosting;

namespace DaprShop.Local.Actors;

/// <summary>The actor types of a sidecar's app, and how many of each are active, in its metadata.</summary>
internal sealed class ActorMetadata(ActorPlacement placement) : IMetadataSource
{
    public void AddTo(GetMetadataResponse metadata, Sidecar sidecar)
    {
        if (placement.HostOf(sidecar) is not { } host)
        {
            if (!placement.HasHeard(sidecar))
                metadata.ActorRuntime = new ActorRuntime { RuntimeStatus = ActorRuntime.Types.ActorRuntimeStatus.Initializing };
            return;
        }
        metadata.ActorRuntime = new ActorRuntime
        {
            RuntimeStatus = ActorRuntime.Types.ActorRuntimeStatus.Running,
            HostReady = true,
            Placement = "placement: connected",
        };
        var active = host.Types.Keys.Order(StringComparer.Ordinal)
            .Select(type => new ActiveActorsCount { Type = type, Count = host.CountOf(type) }).ToArray();
        metadata.ActorRuntime.ActiveActors.Add(active);
#pragma warning disable CS0612 // Where the JavaScript SDK still looks.
        metadata.ActiveActorsCount.Add(active);
#pragma warning restore CS0612
    }
}
