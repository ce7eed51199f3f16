using System.Text.Json;
using CsCheck;
using DaprShop.Contracts;

namespace DaprShop.Catalog.Tests;

/// <summary>Products to test with.</summary>
internal static class Samples
{
    public static Product Product(
        int position, string name, string category = "things", string description = "", long price = 1000, long version = 1,
            bool deleted = false) =>
        new($"p-{position}", name, description, category, new Money(price, "USD"), 500, version, position, DateTimeOffset.UnixEpoch,
            deleted);

    public static SearchIndex Index(params Product[] products) => SearchIndex.Empty.With(products);

    public static string[] Names(this SearchIndex index, ProductQuery query, params Product[] products) =>
        [.. index.Search(query, _ => true).Positions.Select(position => products.Single(product => product.Position == position).Name)];

    /// <summary>The shop's own products.</summary>
    public static IReadOnlyList<Product> Seeds { get; } = ReadSeeds();

    /// <summary>Any number of different names made of the words of the shop's own products.</summary>
    public static IEnumerable<Product> Many(int count)
    {
        var words = Seeds.SelectMany(seed => Words.Of(seed.Name + " " + seed.Description)).Distinct().ToArray();
        var random = new Random(1);
        string Pick(int howMany) => string.Join(' ', Enumerable.Range(0, howMany).Select(_ => words[random.Next(words.Length)]));
        // Model numbers make for as many different words as there are products.
        return Enumerable.Range(0, count).Select(i => Product(
            i, $"{Pick(3)} {(char)('a' + i % 26)}{i:x}", Seeds[i % Seeds.Count].Category, Pick(12), random.Next(500, 90_000)));
    }

    /// <summary>One typing mistake in a word, its first letter included.</summary>
    public static Gen<string> Typo(string word) =>
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, word.Length - 1], Gen.Char['a', 'z'], (kind, at, letter) => kind switch
    {
        0 => word.Remove(at, 1),
        1 => word.Insert(at, letter.ToString()),
        2 => word.Remove(at, 1).Insert(at, letter.ToString()),
        _ => at + 1 < word.Length ? word[..at] + word[at + 1] + word[at] + word[(at + 2)..] : word,
    });

    private static IReadOnlyList<Product> ReadSeeds()
    {
        using var file = typeof(Seed).Assembly.GetManifestResourceStream("seed.json")!;
        var seeds = JsonSerializer.Deserialize<SeedProduct[]>(file, JsonSerializerOptions.Web)!;
        return [.. seeds.Select((seed, position) => seed.ToProduct(position, DateTimeOffset.UnixEpoch))];
    }
}
