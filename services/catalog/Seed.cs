using System.Text.Json;
using DaprShop.Contracts;

namespace DaprShop.Catalog;

/// <summary>A product of a seed file.</summary>
/// <param name="Price">US cents.</param>
public sealed record SeedProduct(string Id, string Name, string Description, string Category, long Price, int WeightGrams)
{
    public Product ToProduct(int position, DateTimeOffset now) =>
        new(Id, Name, Description, Category, new Money(Price, ProductInput.Currency), WeightGrams, Version: 1, position, now);
}

/// <summary>
/// Puts the seed products into the store at first start. What was ever there, changed or deleted since, is left alone, so a start that
/// was killed midway is simply continued.
/// </summary>
public sealed class Seed(CatalogStore store, Shelf shelf, TimeProvider time, IConfiguration configuration, ILogger<Seed> logger)
{
    private const int BatchSize = 100;

    /// <summary>
    /// Setting: the path of a JSON file of <see cref="SeedProduct"/>s; empty for none, absent for the one in the assembly.
    /// </summary>
    public const string FileSetting = "Catalog:SeedFile";

    public async Task PlantAsync(CancellationToken cancellation)
    {
        var missing = (await ReadAsync(cancellation)).Where(product => !shelf.Knows(product.Id)).ToDictionary(product => product.Id);
        foreach (var ids in missing.Keys.Chunk(BatchSize))
        {
            var now = time.GetUtcNow();
            shelf.Put(await store.ChangeAsync(
                ids, (id, current, position) => current is null ? missing[id].ToProduct(position, now) : null, cancellation));
        }
        if (missing.Count > 0) logger.LogInformation("{Count} products put on the shelf for the first time", missing.Count);
    }

    private async Task<List<SeedProduct>> ReadAsync(CancellationToken cancellation)
    {
        var path = configuration[FileSetting];
        if (path is "") return [];
        await using var file = path is null
            ? typeof(Seed).Assembly.GetManifestResourceStream("seed.json")!
            : File.OpenRead(path);
        return (await JsonSerializer.DeserializeAsync(file, CatalogJson.Default.ListSeedProduct, cancellation))!;
    }
}
