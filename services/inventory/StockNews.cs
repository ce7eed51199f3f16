namespace DaprShop.Inventory;

/// <summary>
/// What this process last saw of each product, whether that is told, and who has something reserved. In memory only: a new life sees
/// everything anew (<see cref="StockRounds"/>).
/// </summary>
public sealed class StockNews
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Stock> _latest = [];
    private readonly HashSet<string> _untold = [];
    private readonly HashSet<string> _held = [];

    /// <summary>The stock is so, as the store has it; what is not newer than what was seen before is no news.</summary>
    public void Saw(string productId, Stock stock)
    {
        lock (_gate)
        {
            if (stock.Version <= (_latest.GetValueOrDefault(productId) ?? Stock.Unknown).Version) return;
            _latest[productId] = stock;
            _untold.Add(productId);
            if (stock.Reservations.IsEmpty) _held.Remove(productId);
            else _held.Add(productId);
        }
    }

    /// <summary>The products with news, as they were last seen.</summary>
    public IReadOnlyList<(string ProductId, Stock Stock)> Untold()
    {
        lock (_gate) return [.. _untold.Select(id => (id, _latest[id]))];
    }

    /// <summary>These are told. Of what changed meanwhile there is still news.</summary>
    public void Told(IEnumerable<(string ProductId, Stock Stock)> told)
    {
        lock (_gate)
        {
            foreach (var (id, stock) in told)
                if (_latest[id].Version == stock.Version) _untold.Remove(id);
        }
    }

    /// <summary>The products with a reservation whose time is up.</summary>
    public IReadOnlyList<string> Expired(DateTimeOffset now)
    {
        lock (_gate) return [.. _held.Where(id => _latest[id].HasExpired(now))];
    }
}
