namespace DaprShop.Ordering;

/// <summary>The read model as it is read: one document an order, written by <see cref="OrderProjector"/>.</summary>
public sealed class OrderViews(OrderingStore store)
{
    public static string Key(string orderId) => $"view/{orderId}";

    public async Task<OrderView?> Get(string orderId, CancellationToken cancellation = default) =>
        (await store.Read([Key(orderId)], cancellation))[Key(orderId)].As<OrderView>();

    /// <summary>The orders with these ids, in this order, in one call; those that do not exist are left out.</summary>
    public async Task<IReadOnlyList<OrderView>> List(IReadOnlyList<string> orderIds, CancellationToken cancellation = default)
    {
        var stored = await store.Read([.. orderIds.Select(Key)], cancellation);
        return [.. orderIds.Select(id => stored[Key(id)].As<OrderView>()).OfType<OrderView>()];
    }
}
