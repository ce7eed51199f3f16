using System.Collections.Concurrent;
using System.Threading.Channels;

namespace DaprShop.Ordering;

/// <summary>
/// Tells those who watch an order of each change, as soon as it can be read. Changes projected by this process come at once; those by
/// other replicas are found by looking now and then.
/// </summary>
public sealed class OrderFeed(OrderViews views, OrderingOptions options, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Watch[]> _watches = new();

    /// <summary>Begins to watch; what happens from now on is not missed. Dispose it.</summary>
    public Watch Open(string orderId)
    {
        var watch = new Watch(this, orderId);
        _watches.AddOrUpdate(orderId, _ => [watch], (_, others) => [.. others, watch]);
        return watch;
    }

    internal void Publish(OrderView view)
    {
        foreach (var watch in _watches.GetValueOrDefault(view.Id, [])) watch.Changes.Writer.TryWrite(view);
    }

    private void Close(Watch watch)
    {
        while (_watches.TryGetValue(watch.OrderId, out var watches))
        {
            Watch[] others = [.. watches.Where(other => other != watch)];
            var closed = others.Length == 0
                ? _watches.TryRemove(new(watch.OrderId, watches))
                : _watches.TryUpdate(watch.OrderId, others, watches);
            if (closed) return;
        }
    }

    /// <summary>One who watches one order.</summary>
    public sealed class Watch(OrderFeed feed, string orderId) : IDisposable
    {
        private Task<bool>? _coming;
        private int _version;

        public string OrderId => orderId;

        internal Channel<OrderView> Changes { get; } =
            Channel.CreateBounded<OrderView>(new BoundedChannelOptions(16) { FullMode = BoundedChannelFullMode.DropOldest });

        /// <summary>The order when it has changed since the last call; null when nothing happened for the interval.</summary>
        public async Task<OrderView?> Next(CancellationToken cancellation)
        {
            while (true)
            {
                while (Changes.Reader.TryRead(out var change))
                    if (IsNews(change)) return change;
                _coming ??= Changes.Reader.WaitToReadAsync(CancellationToken.None).AsTask();
                try
                {
                    await _coming.WaitAsync(feed.Options.WatchInterval, feed.Time, cancellation);
                    _coming = null;
                }
                catch (TimeoutException)
                {
                    var now = await feed.Views.Get(orderId, cancellation);
                    return now is not null && IsNews(now) ? now : null;
                }
            }
        }

        public void Dispose() => feed.Close(this);

        private bool IsNews(OrderView view)
        {
            if (view.Version <= _version) return false;
            _version = view.Version;
            return true;
        }
    }

    private OrderViews Views => views;

    private OrderingOptions Options => options;

    private TimeProvider Time => time;
}
