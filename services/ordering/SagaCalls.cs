using DaprShop.Common;

namespace DaprShop.Ordering;

/// <summary>Which call each step of the saga is.</summary>
public sealed class SagaCalls(
    InventoryClient inventory, PaymentClient payment, ShippingClient shipping, OrderingOptions options, ILogger<SagaCalls> logger)
{
    /// <summary>Takes a step once. Null means the outcome is unknown: it may have been done, and is to be asked again.</summary>
    public async Task<OrderEvent?> Try(SagaStep step, Order order, OrderFile file, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(options.CallTimeout);
        try
        {
            var outcome = await Call(step, order, file, limit.Token);
            if (outcome is null) logger.LogWarning("{Step} of order {OrderId}: the reply says nothing usable", step, order.Id);
            return outcome;
        }
        catch (Exception error) when (!cancellation.IsCancellationRequested)
        {
            logger.LogWarning("{Step} of order {OrderId} got no answer: {Reason}", step, order.Id, Reason(error));
            return null;
        }
    }

    private Task<OrderEvent?> Call(SagaStep step, Order order, OrderFile file, CancellationToken cancellation) => step switch
    {
        SagaStep.ReserveStock => inventory.Reserve(order, cancellation),
        SagaStep.CommitStock => inventory.Commit(order, cancellation),
        SagaStep.ReleaseStock => inventory.Release(order, cancellation),
        SagaStep.AuthorizePayment => payment.Authorize(order, file.PaymentToken!, cancellation),
        SagaStep.CapturePayment => payment.Capture(order, cancellation),
        SagaStep.ReversePayment => payment.Reverse(order, cancellation),
        SagaStep.CreateShipment => shipping.Create(order, file.ShippingAddress, cancellation),
        SagaStep.CancelShipment => shipping.Cancel(order, cancellation),
        _ => throw new ArgumentOutOfRangeException(nameof(step)),
    };

    private static string Reason(Exception error) => (error as PeerUnavailableException)?.InnerException?.Message ?? error.Message;
}
