using System.Collections.Concurrent;

namespace DaprShop.Catalog;

/// <summary>
/// The whole catalogue in memory, as this replica knows it. Readers never wait; writers take turns. Products and stock levels arrive in any
/// order and more than once, and of each the latest version wins.
/// </summary>
public sealed class Shelf
{
    private readonly Lock _writing = new();
    private readonly ConcurrentDictionary<string, ShelfItem> _items = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, StockLevel> _stock = new(StringComparer.Ordinal);
    private ShelfItem?[] _byPosition = [];
    private volatile SearchIndex _index = SearchIndex.Empty;
    private volatile bool _loaded;

    /// <summary>False until the store has been read once.</summary>
    public bool Loaded
    {
        get => _loaded;
        set => _loaded = value;
    }

    public int Count => _index.Count;

    public IReadOnlyList<CategoryCount> Categories => _index.Categories;

    /// <summary>The product, or null when there is none or it was deleted.</summary>
    public ShelfItem? Find(string id) => _items.GetValueOrDefault(id) is { Product.Deleted: false } item ? item : null;

    /// <summary>Whether a product ever had this id.</summary>
    public bool Knows(string id) => _items.ContainsKey(id);

    /// <summary>The products of the page asked for, and how many match on all pages.</summary>
    public (IReadOnlyList<ShelfItem> Items, int Total) Search(ProductQuery query)
    {
        var index = _index;
        var items = Volatile.Read(ref _byPosition);
        var hits = index.Search(query, position => items[position]!.Available > 0);
        var page = new ShelfItem[hits.Positions.Count];
        for (var i = 0; i < page.Length; i++) page[i] = items[hits.Positions[i]]!;
        return (page, hits.Total);
    }

    /// <summary>Takes in those that are newer than what is here.</summary>
    public void Put(IReadOnlyCollection<Product> products)
    {
        lock (_writing)
        {
            var newer = products
                .Where(product => !_items.TryGetValue(product.Id, out var held) || held.Product.Version < product.Version)
                .GroupBy(product => product.Position)
                .Select(versions => versions.MaxBy(product => product.Version)!)
                .ToList();
            if (newer.Count == 0) return;
            EnsureRoom(newer.Max(product => product.Position) + 1);
            foreach (var product in newer) Place(new ShelfItem(product, _stock.GetValueOrDefault(product.Id)?.Available ?? 0));
            _index = _index.With(newer);
        }
    }

    /// <summary>Takes in those that are newer than what is here; also of products that are not known yet.</summary>
    public void Put(IEnumerable<StockLevel> levels)
    {
        lock (_writing)
        {
            foreach (var level in levels)
            {
                if (_stock.TryGetValue(level.ProductId, out var held) && held.Version >= level.Version) continue;
                _stock[level.ProductId] = level;
                if (_items.TryGetValue(level.ProductId, out var item) && item.Available != level.Available)
                    Place(new ShelfItem(item.Product, level.Available));
            }
        }
    }

    private void Place(ShelfItem item)
    {
        _items[item.Product.Id] = item;
        _byPosition[item.Product.Position] = item;
    }

    /// <summary>Readers may hold the old array: it only ever lacks what their index lacks too.</summary>
    private void EnsureRoom(int count)
    {
        if (count <= _byPosition.Length) return;
        var larger = new ShelfItem?[Math.Max(count, _byPosition.Length * 2)];
        _byPosition.CopyTo(larger, 0);
        Volatile.Write(ref _byPosition, larger);
    }
}

/// <summary>What inventory last told about a product.</summary>
public sealed record StockLevel(string ProductId, long Version, int Available);
