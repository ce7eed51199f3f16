using Dapr.Actors;
using Dapr.Actors.Client;

namespace DaprShop.Ordering;

/// <summary>The order actors as their callers see them, wherever they live. Each method is one call through the sidecar.</summary>
/// <exception cref="TimeoutException">No answer in time; the turn may have been taken.</exception>
public sealed class OrderActors(IActorProxyFactory proxies)
{
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(10);

    public Task<OrderFile> Submit(string orderId, Submission submission) =>
        Actor(orderId).InvokeMethodAsync<Submission, OrderFile>(nameof(IOrderActor.Submit), submission).WaitAsync(s_timeout);

    public Task<OrderFile?> Get(string orderId) => Actor(orderId).InvokeMethodAsync<OrderFile?>(nameof(IOrderActor.Get)).WaitAsync(s_timeout);

    public Task<OrderNews> Record(string orderId, OrderReport report) =>
        Actor(orderId).InvokeMethodAsync<OrderReport, OrderNews>(nameof(IOrderActor.Record), report).WaitAsync(s_timeout);

    public Task<CancelAnswer?> RequestCancel(string orderId) =>
        Actor(orderId).InvokeMethodAsync<CancelAnswer?>(nameof(IOrderActor.RequestCancel)).WaitAsync(s_timeout);

    public Task<ShipmentAnswer?> ShipmentMoved(string orderId, ShipmentMove move) =>
        Actor(orderId).InvokeMethodAsync<ShipmentMove, ShipmentAnswer?>(nameof(IOrderActor.ShipmentMoved), move).WaitAsync(s_timeout);

    private ActorProxy Actor(string orderId) => proxies.Create(new ActorId(orderId), OrderActor.TypeName);
}
