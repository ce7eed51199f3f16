namespace DaprShop.Chaos.Tests;

/// <summary>Reads the facts through the door: the members' own lists as the members, the rest as staff. Nothing but the API.</summary>
/// <param name="staff">A member of staff.</param>
/// <param name="promises">Whose facts.</param>
public sealed class FactReader(Session staff, Promises promises)
{
    private static readonly string[] s_statuses =
    [
        "submitted", "stockReserved", "paymentAuthorized", "shipmentCreated", "confirmed", "shipped", "delivered", "rejected", "cancelling",
        "cancelled",
    ];

    private static readonly ParallelOptions s_few = new() { MaxDegreeOfParallelism = 8 };

    private sealed record Ledger(IReadOnlyList<PostingDoc> Items);

    private sealed record History(IReadOnlyList<HappenedDoc> Items);

    public async Task<Facts> ReadAsync(CancellationToken until)
    {
        var members = await AllAsync(promises.Members, member => MemberAsync(member, until));
        var orders = await AllAsync(
            members.SelectMany(member => member.Promised.Orders.Union(member.Listed)).Distinct(), orderId => OrderAsync(orderId, until));
        var stock = await AllAsync(promises.Stock, product => StockAsync(product.Key, product.Value, until));
        var byStatus = await AllAsync(s_statuses, async status => (
            Status: status, Orders: await staff.ReadAllAsync<OrderDoc>($"/api/orders?all=true&status={status}", until)));
        return new Facts(
            members, orders.ToDictionary(order => order.Id), stock,
            byStatus.SelectMany(each => each.Orders.Select(order => (each.Status, order.Id)))
                .ToLookup(each => each.Status, each => each.Id));
    }

    private async Task<MemberFacts> MemberAsync(MemberPromises promised, CancellationToken until)
    {
        var orders = await promised.Member.ReadAllAsync<OrderDoc>("/api/orders", until);
        var told = await promised.Member.ReadAllAsync<NotificationDoc>("/api/notifications", until);
        var basket = await promised.Member.ReadAsync<BasketDoc>("/api/basket", until);
        return new MemberFacts(
            promised, [.. orders.Select(order => order.Id)], told,
            basket.Items.ToDictionary(line => line.ProductId, line => line.Quantity));
    }

    private async Task<OrderFacts> OrderAsync(string id, CancellationToken until)
    {
        var order = await staff.FindAsync<OrderDoc>($"/api/orders/{id}", until);
        var history = await staff.FindAsync<History>($"/api/orders/{id}/history", until);
        var payment = await staff.FindAsync<PaymentDoc>($"/api/payments/{id}", until);
        var ledger = await staff.ReadAsync<Ledger>($"/api/payments/{id}/ledger", until);
        var shipment = await staff.FindAsync<ShipmentDoc>($"/api/shipments/{id}", until);
        return new OrderFacts(id, order, history?.Items ?? [], payment, ledger.Items, shipment);
    }

    private async Task<StockFacts> StockAsync(string productId, int promised, CancellationToken until) => new(
        productId, promised,
        await staff.ReadAsync<StockDoc>($"/api/inventory/{productId}", until),
        (await staff.ReadAsync<ProductDoc>($"/api/catalog/products/{productId}", until)).Available);

    private static async Task<TResult[]> AllAsync<T, TResult>(IEnumerable<T> each, Func<T, Task<TResult>> read)
    {
        var items = each.ToArray();
        var results = new TResult[items.Length];
        await Parallel.ForAsync(0, items.Length, s_few, async (i, _) => results[i] = await read(items[i]));
        return results;
    }
}
