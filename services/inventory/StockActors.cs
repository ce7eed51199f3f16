using Dapr.Actors;
using Dapr.Actors.Client;

namespace DaprShop.Inventory;

/// <summary>Calls to the actors of products, wherever they live: plain JSON, one sidecar call each.</summary>
public sealed class StockActors(IActorProxyFactory actors)
{
    public Task<StockLevel?> GetAsync(string productId) =>
        Actor(productId).InvokeMethodAsync<StockLevel?>(nameof(IStockActor.Get));

    public Task OpenAsync(string productId) =>
        Actor(productId).InvokeMethodAsync(nameof(IStockActor.Open));

    public Task<Claim> ReserveAsync(string productId, ReserveCommand command) =>
        Actor(productId).InvokeMethodAsync<ReserveCommand, Claim>(nameof(IStockActor.Reserve), command);

    public Task<Claim> CommitAsync(string productId, CommitCommand command) =>
        Actor(productId).InvokeMethodAsync<CommitCommand, Claim>(nameof(IStockActor.Commit), command);

    public Task<Claim> ReleaseAsync(string productId, ReleaseCommand command) =>
        Actor(productId).InvokeMethodAsync<ReleaseCommand, Claim>(nameof(IStockActor.Release), command);

    public Task<StockCorrected> CorrectAsync(string productId, CorrectCommand command) =>
        Actor(productId).InvokeMethodAsync<CorrectCommand, StockCorrected>(nameof(IStockActor.Correct), command);

    private ActorProxy Actor(string productId) => actors.Create(new ActorId(productId), nameof(StockActor));
}
