using System.Text.Json;

namespace DaprShop.Inventory;

/// <summary>
/// The stock a new shop starts with. Nothing is written at start: a product's seed counts until its first change is saved with it.
/// </summary>
public sealed class SeedStock(IReadOnlyDictionary<string, int> onHand)
{
    /// <summary>What the service is shipped with: services/inventory/seed.json.</summary>
    public static SeedStock Shipped()
    {
        using var file = typeof(SeedStock).Assembly.GetManifestResourceStream("seed.json")
            ?? throw new InvalidOperationException("seed.json is missing from the assembly.");
        return new SeedStock(JsonSerializer.Deserialize<Dictionary<string, int>>(file)!);
    }

    public IEnumerable<string> ProductIds => onHand.Keys;

    /// <summary>The untouched stock of a product; <see cref="Stock.Unknown"/> when it is not a seed product.</summary>
    public Stock Find(string productId) => onHand.TryGetValue(productId, out var pieces) ? Stock.Untouched(pieces) : Stock.Unknown;
}
