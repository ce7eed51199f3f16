using System.Text.Json;
using DaprShop.Testing;

namespace DaprShop.Inventory.Tests;

/// <summary>Catalogue and inventory name the same seed products: two files, two owners, one truth.</summary>
public class SeedTests
{
    [Fact]
    public void Every_product_of_the_catalogue_has_stock_and_nothing_else_does()
    {
        using var catalog = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "services/catalog/seed.json")));
        var products = catalog.RootElement.EnumerateArray().Select(product => product.GetProperty("id").GetString()!);
        Assert.Equal(products.Order(), SeedStock.Shipped().ProductIds.Order());
    }

    [Fact]
    public void A_few_are_scarce_and_the_others_plenty()
    {
        var seed = SeedStock.Shipped();
        var amounts = seed.ProductIds.Select(id => seed.Find(id).OnHand).ToArray();
        Assert.InRange(amounts.Count(amount => amount <= 5), 4, 10);
        Assert.All(amounts.Where(amount => amount > 5), amount => Assert.InRange(amount, 5_000, Stock.MaxOnHand));
    }
}
