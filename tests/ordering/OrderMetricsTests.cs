using System.Diagnostics.Metrics;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace DaprShop.Ordering.Tests;

public sealed class OrderMetricsTests
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Each_event_counts_once_and_the_saga_is_timed_to_its_end() => Assert.Equal(
        [
            ("daprshop.order.events", 1, "submitted"),
            ("daprshop.order.events", 1, "stockReserved"),
            ("daprshop.order.events", 1, "confirmed"),
            ("daprshop.order.saga.duration", 3, "confirmed"),
            ("daprshop.order.events", 1, "shipped"),
        ],
        Seen(metrics =>
        {
            OrderEvent[] stream =
            [
                At(OrderEventType.Submitted, 0), At(OrderEventType.StockReserved, 1), At(OrderEventType.Confirmed, 3),
                At(OrderEventType.Shipped, 9),
            ];
            metrics.Saved(stream[..1], before: 0);
            metrics.Saved(stream[..3], before: 1);
            metrics.Saved(stream, before: 3);
        }));

    [Theory]
    [InlineData(false, "daprshop.order.saga.duration")]
    [InlineData(true)]
    public void A_cancellation_ends_the_saga_unless_it_had_ended(bool wasConfirmed, params string[] timed)
    {
        var second = wasConfirmed ? OrderEventType.Confirmed : OrderEventType.StockReserved;
        OrderEvent[] stream = [At(OrderEventType.Submitted, 0), At(second, 1), At(OrderEventType.Cancelled, 5)];
        Assert.Equal(["daprshop.order.events", .. timed], Seen(metrics => metrics.Saved(stream, before: 2)).Select(one => one.Name));
    }

    [Fact]
    public void Every_kind_of_event_is_counted_from_nothing() => Assert.Equal(
        Enum.GetNames<OrderEventType>().Select(name => ("daprshop.order.events", 0.0, (object?)JsonNamingPolicy.CamelCase.ConvertName(name))),
        Seen(metrics => metrics.Begin()));

    private static List<(string Name, double Value, object? Type)> Seen(Action<OrderMetrics> act)
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
        act(new OrderMetrics(meters));
        return seen;
    }

    private static OrderEvent At(OrderEventType type, int seconds) => new(type, s_start.AddSeconds(seconds));
}
