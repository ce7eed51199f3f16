using Dapr.Client;
using DaprShop.Common;

namespace DaprShop.Inventory;

/// <summary>Documents as they were read, and as they shall be once one wish after the other has been decided.</summary>
internal sealed class Draft(StateStore store, Documents read, SeedStock seed, DateTimeOffset now)
{
    private readonly Dictionary<string, (Versioned<Stock> Before, Stock After)> _stocks = [];
    private readonly Dictionary<string, (IStockRecord? Value, string ETag)> _records = [];
    private readonly Dictionary<string, StateTransactionRequest> _recordWrites = [];

    public IEnumerable<(string ProductId, Stock Stock)> Stocks => _stocks.Select(stock => (stock.Key, stock.Value.After));

    /// <summary>The record as it shall be so far; null when there shall be none.</summary>
    public TRecord? Record<TRecord>(string key) where TRecord : class, IStockRecord
    {
        if (_records.TryGetValue(key, out var known)) return (TRecord?)known.Value;
        var (record, etag) = read.Get<TRecord>(key);
        _records[key] = (record, etag);
        return record;
    }

    /// <summary>The stock as it shall be so far, without what has expired.</summary>
    public Stock StockOf(string productId)
    {
        if (_stocks.TryGetValue(productId, out var stock)) return stock.After;
        var before = read.Get<Stock>(StockStore.KeyOf(productId)) is { Value: not null } stored ? stored : new(seed.Find(productId), "");
        var after = before.Value!.Expire(now);
        _stocks[productId] = (before, after);
        return after;
    }

    public void Put<TRecord>(string key, Decision<TRecord> decision) where TRecord : class, IStockRecord
    {
        if (decision.Record is { } record && !ReferenceEquals(record, Record<TRecord>(key)))
        {
            _records[key] = (record, _records[key].ETag);
            _recordWrites[key] = store.Write(key, record, _records[key].ETag);
        }

        foreach (var (id, stock) in decision.Stocks) _stocks[id] = _stocks[id] with { After = stock };
    }

    /// <summary>What is other than it was, over the versions read; always in one order, so that row locks are no trap.</summary>
    public List<StateTransactionRequest> Writes() =>
    [
        .. _stocks
            .Where(stock => !ReferenceEquals(stock.Value.After, stock.Value.Before.Value))
            .Select(stock => store.Write(StockStore.KeyOf(stock.Key), stock.Value.After, stock.Value.Before.ETag))
            .Concat(_recordWrites.Values)
            .OrderBy(write => write.Key, StringComparer.Ordinal),
    ];
}
