using DaprShop.Common;

namespace DaprShop.Ordering;

/// <summary>One line of the journal: an order has come to a status.</summary>
public sealed record JournalEntry(Guid OrderId, string MemberId, OrderStatus Status);

/// <summary>
/// All orders, by when they came, with their status: what the state API, which has no queries, cannot answer. Each replica folds the
/// journal the projector writes, and before each answer reads what was added to it since: one call, so lists are always current. About
/// 100 bytes an order; after a start the first list reads the whole journal.
/// </summary>
public sealed class OrderDirectory(StateStore store) : IDisposable
{
    public const string JournalKey = "journal";

    private const int PagesAtOnce = 100;

    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly List<Line> _lines = [];
    private readonly Dictionary<Guid, int> _positions = [];
    private readonly Dictionary<string, List<int>> _byMember = [];
    private int _pagesRead;
    private int _readOfNewest;

    /// <summary>A page of order ids, newest first, and how many match in all.</summary>
    /// <param name="memberId">Only this member's; null for everybody's.</param>
    /// <param name="status">Only those in this status; null for any.</param>
    /// <param name="page">From 1.</param>
    /// <param name="pageSize">1–100.</param>
    /// <param name="cancellation">Of the request.</param>
    public async Task<(IReadOnlyList<string> OrderIds, long Total)> List(
        string? memberId, OrderStatus? status, int page, int pageSize, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            await CatchUp(cancellation);
            return Find(memberId, status, (page - 1L) * pageSize, pageSize);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    private async Task CatchUp(CancellationToken cancellation)
    {
        var journal = (await store.GetAsync<PagedLog<JournalEntry>>(JournalKey, cancellation)).Value;
        if (journal is null) return;
        while (_pagesRead < journal.FullPages)
        {
            var keys = Enumerable.Range(_pagesRead, Math.Min(PagesAtOnce, journal.FullPages - _pagesRead))
                .Select(page => PagedLog.PageKey(JournalKey, page)).ToList();
            var pages = await store.GetManyAsync(keys, cancellation);
            foreach (var key in keys)
            {
                // A full page is the newest one of before, grown.
                Fold(pages.Get<JournalEntry[]>(key).Value ?? throw new InvalidOperationException($"The journal lacks {key}."));
                _pagesRead++;
                _readOfNewest = 0;
            }
        }
        Fold(journal.Newest);
        _readOfNewest = journal.Newest.Count;
    }

    private void Fold(IReadOnlyList<JournalEntry> entries)
    {
        foreach (var entry in entries.Skip(_readOfNewest))
        {
            if (_positions.TryGetValue(entry.OrderId, out var position))
            {
                _lines[position] = _lines[position] with { Status = entry.Status };
                continue;
            }
            if (!_byMember.TryGetValue(entry.MemberId, out var own)) _byMember[entry.MemberId] = own = [];
            own.Add(_positions[entry.OrderId] = _lines.Count);
            _lines.Add(new Line(entry.OrderId, entry.Status));
        }
    }

    private (IReadOnlyList<string> OrderIds, long Total) Find(string? memberId, OrderStatus? status, long skip, int take)
    {
        var own = memberId is null ? null : _byMember.GetValueOrDefault(memberId, []);
        List<string> ids = [];
        var total = 0L;
        for (var i = (own?.Count ?? _lines.Count) - 1; i >= 0; i--)
        {
            var line = _lines[own?[i] ?? i];
            if (status is not null && line.Status != status) continue;
            if (total++ >= skip && ids.Count < take) ids.Add(line.OrderId.ToString());
        }
        return (ids, total);
    }

    private readonly record struct Line(Guid OrderId, OrderStatus Status);
}
