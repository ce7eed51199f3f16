using System.Security.Cryptography;
using System.Text;

namespace DaprShop.Inventory;

/// <summary>
/// A state store cannot list its keys, so the products that were not seed are noted when they are opened: in 256 pages
/// <c>products/{n}</c>, so that a page of a catalogue of 100,000 holds 400 and openings seldom meet.
/// </summary>
public sealed record ProductPage(IReadOnlyList<string> ProductIds)
{
    public static readonly ProductPage Empty = new([]);

    public static IEnumerable<string> Keys => Enumerable.Range(0, 256).Select(Key);

    public static string KeyOf(string productId) => Key(SHA256.HashData(Encoding.UTF8.GetBytes(productId))[0]);

    public ProductPage With(IEnumerable<string> productIds) => new([.. ProductIds, .. productIds]);

    private static string Key(int page) => $"products/{page}";
}
