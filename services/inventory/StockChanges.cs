using DaprShop.Common;

namespace DaprShop.Inventory;

/// <summary>
/// Changes stocks and a record of why (<c>claim/{orderId}</c>, <c>correction/{productId}/{key}</c>) in one transaction, each document over
/// the version read: all or nothing, whoever dies when.
/// <para>
/// Within this process changes are made one batch after the other, so rivals for a hot product share a transaction instead of colliding,
/// and none starves. Between replicas the store refuses the slower, who reads and decides again. A batch that is refused, or is more than
/// a sidecar takes at once, goes in halves, so one that is always refused fails alone.
/// </para>
/// <para>
/// Sidecar calls: a change 1 bulk get and 1 transaction, however many products, and shared with all that come while the one before is on
/// its way; a repetition the bulk get only. So an order costs 2 to reserve and 2 to commit, and less when there are many.
/// </para>
/// </summary>
public sealed class StockChanges
{
    private const int MaxBatch = 16;

    private readonly StateStore _store;
    private readonly SeedStock _seed;
    private readonly StockNews _news;
    private readonly TimeProvider _time;
    private readonly Gathering<Wish> _wishes;

    public StockChanges(StateStore store, SeedStock seed, StockNews news, TimeProvider time)
    {
        (_store, _seed, _news, _time) = (store, seed, news, time);
        _wishes = new Gathering<Wish>(MaxBatch, GrantAsync);
    }

    /// <summary>Makes a change.</summary>
    /// <param name="recordKey">The record.</param>
    /// <param name="productIds">The products it is about; those that the record knows of come on top.</param>
    /// <param name="decide">From the record, null when there is none, and the stocks without what has expired. May be asked again.</param>
    /// <param name="cancellation">Gives up before anything is written.</param>
    /// <returns>What is now true.</returns>
    /// <exception cref="ContendedException">The store refused every attempt; nothing is written.</exception>
    public async Task<Decision<TRecord>> MakeAsync<TRecord>(
        string recordKey, IEnumerable<string> productIds,
        Func<TRecord?, IReadOnlyDictionary<string, Stock>, Decision<TRecord>> decide, CancellationToken cancellation)
        where TRecord : class, IStockRecord
    {
        var wish = new Wish<TRecord>(recordKey, productIds, decide, cancellation);
        await _wishes.AddAsync(wish).WaitAsync(cancellation);
        cancellation.ThrowIfCancellationRequested();
        return wish.Failure is { } failure ? throw failure : wish.Decision!;
    }

    private async Task GrantAsync(IReadOnlyList<Wish> wishes)
    {
        if (await TryGrantAsync(wishes)) return;
        if (wishes is [var alone])
        {
            await GrantAloneAsync(alone);
            return;
        }

        await GrantAsync([.. wishes.Take(wishes.Count / 2)]);
        await GrantAsync([.. wishes.Skip(wishes.Count / 2)]);
    }

    private async Task GrantAloneAsync(Wish wish)
    {
        try
        {
            await Optimistic.RetryAsync(async () => await TryGrantAsync([wish]) ? wish : null);
        }
        catch (ContendedException refused)
        {
            wish.Failure = refused;
        }
    }

    /// <summary>Decides and saves together; false when nothing was saved and it should be tried again.</summary>
    private async Task<bool> TryGrantAsync(IReadOnlyList<Wish> wishes)
    {
        var open = wishes.Where(wish => wish.IsOpen).ToArray();
        if (open is []) return true;
        var read = await _store.GetManyAsync([.. open.SelectMany(wish => wish.Keys).Distinct()]);
        var draft = new Draft(_store, read, _seed, _time.GetUtcNow());
        var decided = true;
        foreach (var wish in open) decided &= TryDecide(wish, draft);
        if (!decided) return false;
        var writes = draft.Writes();
        if (writes.Count > 0 && !await _store.TryCommitAsync(writes)) return false;
        foreach (var (id, stock) in draft.Stocks) _news.Saw(id, stock);
        return true;
    }

    private static bool TryDecide(Wish wish, Draft draft)
    {
        try
        {
            return wish.TryDecide(draft);
        }
        catch (Exception error)
        {
            // A document that cannot be read is the trouble of those who need it, not of the whole batch.
            wish.Failure = error;
            return true;
        }
    }
}
