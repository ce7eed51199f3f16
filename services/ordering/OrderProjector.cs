using System.Threading.Channels;
using Dapr.Client;
using DaprShop.Common;

namespace DaprShop.Ordering;

/// <summary>
/// Writes the read model. Views are gathered for a while, only the newest of each order is kept, and all are written in one
/// transaction together with the journal that <see cref="OrderDirectory"/> reads: two sidecar calls a batch, however many orders are in
/// it. A view replaces older ones only; the transaction is first-write, so this holds between replicas too.
/// </summary>
public sealed class OrderProjector(StateStore store, OrderFeed feed, OrderingOptions options, ILogger<OrderProjector> logger)
    : BackgroundService
{
    private const int BatchSize = 100;

    private readonly Lock _gate = new();
    private readonly Channel<bool> _work = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private Dictionary<string, Pending> _pending = [];
    private TaskCompletionSource _soon = NewSignal();

    /// <summary>Completes when this version of the order, or a newer one, can be read.</summary>
    /// <param name="view">The order.</param>
    /// <param name="soon">True when somebody waits for it; false for a status that will not last.</param>
    public Task Project(OrderView view, bool soon)
    {
        Task written;
        lock (_gate)
        {
            if (!_pending.TryGetValue(view.Id, out var pending)) _pending[view.Id] = pending = new Pending(view);
            else if (pending.View.Version < view.Version) pending.View = view;
            written = pending.Written.Task;
            if (soon) _soon.TrySetResult();
        }
        _work.Writer.TryWrite(true);
        return written;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var _ in _work.Reader.ReadAllAsync(stoppingToken))
            {
                await Task.WhenAny(_soon.Task, Task.Delay(options.ProjectionPatience, stoppingToken));
                await Task.Delay(options.ProjectionDelay, stoppingToken);
                foreach (var batch in TakePending().Chunk(BatchSize)) await Write(batch, stoppingToken);
            }
        }
        finally
        {
            foreach (var pending in TakePending()) pending.Written.TrySetCanceled(CancellationToken.None);
        }
    }

    private Pending[] TakePending()
    {
        lock (_gate)
        {
            var taken = _pending;
            (_pending, _soon) = ([], NewSignal());
            return [.. taken.Values];
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task Write(Pending[] batch, CancellationToken stopping)
    {
        try
        {
            await Optimistic.RetryAsync(async () => await TryWrite(batch, stopping) ? batch : null);
        }
        catch (Exception error)
        {
            // Whoever waits keeps the event untold and comes again.
            logger.LogWarning("{Count} views could not be written: {Reason}", batch.Length, error.Message);
            foreach (var pending in batch) pending.Written.TrySetException(error);
            return;
        }
        foreach (var pending in batch)
        {
            feed.Publish(pending.View);
            pending.Written.TrySetResult();
        }
    }

    /// <summary>False when another replica was first with one of these keys; then what is still newer is written over it.</summary>
    private async Task<bool> TryWrite(Pending[] batch, CancellationToken stopping)
    {
        var stored = await store.GetManyAsync(
            [OrderDirectory.JournalKey, .. batch.Select(pending => OrderViews.Key(pending.View.Id))], stopping);
        List<StateTransactionRequest> writes = [];
        List<JournalEntry> moves = [];
        foreach (var view in batch.Select(pending => pending.View))
        {
            var before = stored.Get<ViewStamp>(OrderViews.Key(view.Id));
            if (before.Value?.Version >= view.Version) continue;
            writes.Add(store.Write(OrderViews.Key(view.Id), view, before.ETag));
            if (before.Value?.Status != view.Status) moves.Add(new JournalEntry(Guid.Parse(view.Id), view.MemberId!, view.Status));
        }
        if (moves.Count > 0) writes.AddRange(Journal(stored.Get<PagedLog<JournalEntry>>(OrderDirectory.JournalKey), moves));
        return writes.Count == 0 || await store.TryCommitAsync(writes, stopping);
    }

    private IEnumerable<StateTransactionRequest> Journal(Versioned<PagedLog<JournalEntry>> stored, List<JournalEntry> moves)
    {
        var (log, filled) = (stored.Value ?? PagedLog.Empty<JournalEntry>()).Append(moves);
        return filled
            .Select(page => store.Write(PagedLog.PageKey(OrderDirectory.JournalKey, page.Page), page.Items, ""))
            .Prepend(store.Write(OrderDirectory.JournalKey, log, stored.ETag));
    }

    private sealed class Pending(OrderView view)
    {
        public OrderView View { get; set; } = view;

        public TaskCompletionSource Written { get; } = NewSignal();
    }
}

/// <summary>What the projector must know of a stored view.</summary>
public sealed record ViewStamp(OrderStatus Status, int Version);
