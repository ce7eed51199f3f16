using DaprShop.Common;
using DaprShop.Contracts;
using static DaprShop.Ordering.OrderEventType;

namespace DaprShop.Ordering;

/// <summary>The stock steps of the saga. Answers the event an order learns, or null when the reply says nothing usable.</summary>
public sealed class InventoryClient(Peer inventory, TimeProvider time, OrderingOptions options)
{
    public async Task<OrderEvent?> Reserve(Order order, CancellationToken cancellation)
    {
        var command = new ReserveStock(Lines(order), time.GetUtcNow() + options.ReservationTime);
        var reply = await inventory.PostAsync<StockReply>($"internal/reservations/{order.Id}", command, cancellation);
        return reply?.Outcome switch
        {
            "reserved" => new OrderEvent(StockReserved, time.GetUtcNow()),
            "outOfStock" => new OrderEvent(StockRefused, time.GetUtcNow()) { Reason = RejectReason.OutOfStock, ProductIds = reply.ProductIds },
            "released" => new OrderEvent(StepFailed, time.GetUtcNow()) { Reason = RejectReason.DeadlineExceeded },
            _ => null,
        };
    }

    public async Task<OrderEvent?> Commit(Order order, CancellationToken cancellation)
    {
        var reply = await inventory.PostAsync<StockReply>(
            $"internal/reservations/{order.Id}/commit", new StockLines(Lines(order)), cancellation);
        return reply?.Outcome switch
        {
            "committed" => new OrderEvent(StockCommitted, time.GetUtcNow()),
            "expired" => new OrderEvent(StepFailed, time.GetUtcNow()) { Reason = RejectReason.DeadlineExceeded },
            _ => null,
        };
    }

    public async Task<OrderEvent?> Release(Order order, CancellationToken cancellation)
    {
        var reply = await inventory.PostAsync<StockReply>(
            $"internal/reservations/{order.Id}/release", new StockLines(Lines(order)), cancellation);
        return reply?.Outcome == "released" ? new OrderEvent(StockReleased, time.GetUtcNow()) : null;
    }

    private static StockLine[] Lines(Order order) =>
        [.. order.Details.Lines.Select(line => new StockLine(line.ProductId, line.Quantity))];
}
