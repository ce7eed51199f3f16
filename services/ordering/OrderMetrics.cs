using System.Diagnostics.Metrics;
using System.Text.Json;
using DaprShop.Common;

namespace DaprShop.Ordering;

/// <summary>
/// What happens to orders, counted where it is saved: <c>daprshop.order.events</c> by <c>type</c> (submitted, confirmed, rejected, …), and
/// <c>daprshop.order.saga.duration</c>, the seconds from acceptance until the order is confirmed, rejected, or cancelled before it was
/// confirmed (<c>type</c>). Orders under way are those submitted less those timed.
/// </summary>
public sealed class OrderMetrics
{
    public const string MeterName = ShopTelemetry.SourcePrefix + "Ordering";

    private static readonly KeyValuePair<string, object?>[] s_types =
        [.. Enum.GetValues<OrderEventType>().Select(type => KeyValuePair.Create("type", (object?)JsonNamingPolicy.CamelCase.ConvertName(type.ToString())))];

    private readonly Counter<long> _events;
    private readonly Histogram<double> _duration;

    public OrderMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _events = meter.CreateCounter<long>("daprshop.order.events", "{event}", "Events appended to orders.");
        _duration = meter.CreateHistogram("daprshop.order.saga.duration", "s", "From acceptance until confirmed, rejected or cancelled.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300] });
    }

    /// <summary>Counts nothing of each kind: what has been nothing before is seen to grow by the first that comes.</summary>
    public void Begin()
    {
        foreach (var type in s_types) _events.Add(0, type);
    }

    /// <param name="stream">The events of an order, as saved.</param>
    /// <param name="before">How many of them had been saved before.</param>
    public void Saved(IReadOnlyList<OrderEvent> stream, int before)
    {
        if (!_events.Enabled) return;
        foreach (var happened in stream.Skip(before))
        {
            var type = s_types[(int)happened.Type];
            _events.Add(1, type);
            if (EndsSaga(happened, stream))
                _duration.Record((happened.At - stream[0].At).TotalSeconds, type);
        }
    }

    private static bool EndsSaga(OrderEvent happened, IReadOnlyList<OrderEvent> stream) => happened.Type switch
    {
        OrderEventType.Confirmed or OrderEventType.Rejected => true,
        OrderEventType.Cancelled => stream.All(other => other.Type != OrderEventType.Confirmed),
        _ => false,
    };
}
