using System.Collections.Concurrent;
using DaprShop.Contracts;

namespace DaprShop.Chaos.Tests;

/// <summary>Products of a test's own, and how many of each were put on the shelf.</summary>
public sealed class Goods(ShopProcess shop)
{
    private readonly ConcurrentDictionary<string, int> _stock = new();

    public IReadOnlyDictionary<string, int> Stock => _stock;

    public async Task<string> AddAsync(int stock, CancellationToken until)
    {
        var id = $"test-{Guid.NewGuid():N}";
        var price = new Money(1299, "USD");
        var product = new { id, name = "Test Kettle", description = "Boils.", category = "test-things", price, weightGrams = 900 };
        await shop.Staff.InsistAsync(HttpMethod.Post, "/api/catalog/products", until, product);
        while (!(await shop.Staff.InsistAsync(HttpMethod.Put, $"/api/inventory/{id}", until, new { onHand = stock })).IsSuccess)
            await Task.Delay(100, until); // inventory has not heard of it yet
        _stock[id] = stock;
        return id;
    }

    /// <summary>Staff put so many more (or fewer) on the shelf, if the shop lets them.</summary>
    public async Task AdjustAsync(string productId, int delta, CancellationToken until)
    {
        var key = ("Idempotency-Key", Guid.NewGuid().ToString());
        var answer = await shop.Staff.InsistAsync(
            HttpMethod.Post, $"/api/inventory/{productId}/adjustments", until, new { delta, reason = "found behind the shelf" }, key);
        if (answer.IsSuccess) _stock.AddOrUpdate(productId, delta, (_, before) => before + delta);
    }
}
