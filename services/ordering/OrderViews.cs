using DaprShop.Common;

namespace DaprShop.Ordering;

/// <summary>The read model as it is read: one document an order, written by <see cref="OrderProjector"/>.</summary>
public sealed class OrderViews(StateStore store)
{
    public static string Key(string orderId) => $"view/{orderId}";

    public async Task<OrderView?> Get(string orderId, CancellationToken cancellation = default) =>
        (await store.GetAsync<OrderView>(Key(orderId), cancellation)).Value;

    /// <summary>The orders with these ids, in this order, in one call; those that do not exist are left out.</summary>
    public async Task<IReadOnlyList<OrderView>> List(IReadOnlyList<string> orderIds, CancellationToken cancellation = default)
    {
        var stored = await store.GetManyAsync([.. orderIds.Select(Key)], cancellation);
        return [.. orderIds.Select(id => stored.Get<OrderView>(Key(id)).Value).OfType<OrderView>()];
    }
}
