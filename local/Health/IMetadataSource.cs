using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Local.Hosting;

namespace DaprShop.Local.Health;

/// <summary>
/// A building block with something to say in a sidecar's metadata (its subscriptions, its actors). Register it as a singleton of this type.
/// </summary>
public interface IMetadataSource
{
    void AddTo(GetMetadataResponse metadata, Sidecar sidecar);
}
