using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace DaprShop.Ordering.Tests;

public sealed class OrderMetricsTests
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Each_event_counts_once_and_the_saga_is_timed_to_its_end()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var meters = services.GetRequiredService<IMeterFactory>();
        List<(string Name, double Value, object? Type)> seen = [];
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Scope == meters) listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => seen.Add((instrument.Name, value, tags[0].Value)));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => seen.Add((instrument.Name, value, tags[0].Value)));
        listener.Start();
        var metrics = new OrderMetrics(meters);
        OrderEvent[] stream = [At(OrderEventType.Submitted, 0), At(OrderEventType.StockReserved, 1), At(OrderEventType.Confirmed, 3), At(OrderEventType.Shipped, 9)];

        metrics.Saved(stream[..1], before: 0);
        metrics.Saved(stream[..3], before: 1);
        metrics.Saved(stream, before: 3);

        Assert.Equal(
            [
                ("daprshop.order.events", 1, "submitted"),
                ("daprshop.order.events", 1, "stockReserved"),
                ("daprshop.order.events", 1, "confirmed"),
                ("daprshop.order.saga.duration", 3, "confirmed"),
                ("daprshop.order.events", 1, "shipped"),
            ],
            seen);
    }

    private static OrderEvent At(OrderEventType type, int seconds) => new(type, s_start.AddSeconds(seconds));
}
