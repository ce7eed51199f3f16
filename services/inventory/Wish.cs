namespace DaprShop.Inventory;

/// <summary>A change that somebody waits for: of some stocks, and of a record of why.</summary>
internal abstract class Wish(string recordKey, IEnumerable<string> productIds, CancellationToken cancellation)
{
    protected string RecordKey => recordKey;

    protected HashSet<string> ProductIds { get; } = [.. productIds];

    /// <summary>The documents it is about.</summary>
    public IEnumerable<string> Keys => ProductIds.Select(StockStore.KeyOf).Prepend(RecordKey);

    /// <summary>Why there is no decision.</summary>
    public Exception? Failure { get; set; }

    /// <summary>False once it has failed, or nobody waits for it any more.</summary>
    public bool IsOpen => Failure is null && !cancellation.IsCancellationRequested;

    /// <summary>Decides and drafts it; false when documents are missing from the draft, which it then asks for.</summary>
    public abstract bool TryDecide(Draft draft);
}

/// <param name="decide">From the record, null when there is none, and the stocks of the products.</param>
internal sealed class Wish<TRecord>(
    string recordKey, IEnumerable<string> productIds,
    Func<TRecord?, IReadOnlyDictionary<string, Stock>, Decision<TRecord>> decide, CancellationToken cancellation)
    : Wish(recordKey, productIds, cancellation)
    where TRecord : class, IStockRecord
{
    public Decision<TRecord>? Decision { get; private set; }

    public override bool TryDecide(Draft draft)
    {
        var record = draft.Record<TRecord>(RecordKey);
        if (record is not null && !ProductIds.IsSupersetOf(record.ProductIds))
        {
            ProductIds.UnionWith(record.ProductIds);
            return false;
        }

        Decision = decide(record, ProductIds.ToDictionary(id => id, draft.StockOf));
        draft.Put(RecordKey, Decision);
        return true;
    }
}
