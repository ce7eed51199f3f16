using DaprShop.Common;
using DaprShop.Contracts;

namespace DaprShop.Payment;

/// <summary>
/// The commands of the order saga, by order id: repeated, late and concurrent ones included. The provider is asked first, under the order
/// id as key, then the payment is saved over the version that was read; who loses reads again and finds what to answer. So a crash between
/// the two is healed by the same command again, and an authorisation need not look first: asked twice under one key, the provider answers
/// the same, and the second cannot be saved. What was saved is published before the answer, and again on each repetition.
/// <para>Sidecar calls: each command 1 get (but to authorise), 1 transaction, and a publish, shared with other payments under load.</para>
/// </summary>
public sealed class Payments(
    PaymentStore store, IPaymentProvider provider, EventPublisher publisher, TimeProvider time, IConfiguration configuration)
{
    private readonly TimeSpan _providerLimit = configuration.GetValue("Payment:ProviderTimeout", TimeSpan.FromSeconds(8));

    /// <exception cref="ProviderUnavailableException">The provider gave no answer; nothing is known.</exception>
    /// <exception cref="PaymentConflictException">The order has another payment already.</exception>
    public async Task<PaymentReply> AuthorizeAsync(string orderId, AuthorizePayment request, CancellationToken cancellation)
    {
        var payment = await ChangeAsync(orderId, async known =>
        {
            if (known is not null) return null;
            var answer = await AskAsync(
                limit => provider.AuthorizeAsync(orderId, request.Amount, request.PaymentToken, limit), cancellation);
            return answer switch
            {
                { Reference: { } reference } => Payment.Authorized(orderId, request.MemberId, request.Amount, reference, time.GetUtcNow()),
                // A reverse has reached the provider and is about to be saved: to the order it came first.
                { DeclineCode: Authorization.Voided } => Payment.Reversed(orderId, time.GetUtcNow()),
                _ => Payment.Declined(orderId, request.MemberId, request.Amount, answer.DeclineCode!, time.GetUtcNow()),
            };
        }, mostlyNew: true);
        return payment.Status switch
        {
            PaymentStatus.Reversed or PaymentStatus.Voided or PaymentStatus.Refunded => new PaymentReply("reversed"),
            _ when payment.Amount != request.Amount || payment.MemberId != request.MemberId =>
                throw new PaymentConflictException("This order has a payment of another amount or member."),
            PaymentStatus.Declined => new PaymentReply("declined", payment.DeclineCode),
            _ => new PaymentReply("authorized"),
        };
    }

    /// <exception cref="PaymentConflictException">There is nothing authorised, or another amount.</exception>
    public async Task<PaymentReply> CaptureAsync(string orderId, CapturePayment request, CancellationToken cancellation)
    {
        var payment = await ChangeAsync(orderId, async known =>
        {
            if (known is null) throw new PaymentConflictException("There is no payment to capture.");
            if (known is not { Status: PaymentStatus.Authorized } held) return null;
            if (held.Amount != request.Amount) throw new PaymentConflictException("Another amount is authorised.");
            var state = await AskAsync(limit => provider.CaptureAsync(orderId, held.Reference!, limit), cancellation);
            return state is ChargeState.Captured ? held.Capture(time.GetUtcNow()) : held.Void(time.GetUtcNow());
        });
        return payment.Status switch
        {
            PaymentStatus.Captured => new PaymentReply("captured"),
            PaymentStatus.Voided or PaymentStatus.Refunded or PaymentStatus.Reversed => new PaymentReply("reversed"),
            _ => throw new PaymentConflictException("The payment was declined."),
        };
    }

    /// <summary>Undoes whatever was done: void or refund. An order never heard of can then not be authorised any more.</summary>
    public async Task<PaymentReply> ReverseAsync(string orderId, CancellationToken cancellation)
    {
        Payment payment;
        do
        {
            payment = await ChangeAsync(orderId, known => known switch
            {
                null => ForbidAsync(orderId, cancellation),
                { Status: PaymentStatus.Authorized or PaymentStatus.Captured } => UndoAsync(known, cancellation),
                _ => Task.FromResult<Payment?>(null),
            });
        }
        while (payment.Status is PaymentStatus.Captured);
        return payment.Status switch
        {
            PaymentStatus.Voided => new PaymentReply("voided"),
            PaymentStatus.Refunded => new PaymentReply("refunded"),
            _ => new PaymentReply("none"),
        };
    }

    /// <summary>Whoever died between saving and telling has left an event untold; it is told (again) while the payment still shows it.</summary>
    private async Task<Payment?> UndoAsync(Payment known, CancellationToken cancellation)
    {
        await PublishAsync(known);
        return known.Status is PaymentStatus.Captured ? await RefundAsync(known, cancellation) : await VoidAsync(known, cancellation);
    }

    private async Task<Payment?> ForbidAsync(string orderId, CancellationToken cancellation)
    {
        await AskAsync(limit => provider.VoidAsync(orderId, null, limit), cancellation);
        return Payment.Reversed(orderId, time.GetUtcNow());
    }

    private async Task<Payment> VoidAsync(Payment held, CancellationToken cancellation)
    {
        var state = await AskAsync(limit => provider.VoidAsync(held.OrderId, held.Reference, limit), cancellation);
        // A capture that reached the provider and died before it was saved counts, is told, and is then given back.
        return state is ChargeState.Voided ? held.Void(time.GetUtcNow()) : held.Capture(time.GetUtcNow());
    }

    private async Task<Payment> RefundAsync(Payment taken, CancellationToken cancellation)
    {
        await AskAsync(
            async limit =>
            {
                await provider.RefundAsync(taken.OrderId, taken.Reference!, limit);
                return true;
            },
            cancellation);
        return taken.Refund(time.GetUtcNow());
    }

    /// <summary>Reads, decides, saves, and publishes what is then true; reads again when someone else was first.</summary>
    /// <param name="orderId">The order.</param>
    /// <param name="decide">The step that follows what is known, null when there is nothing to do. May be asked more than once.</param>
    /// <param name="mostlyNew">Begins as if nothing were known, and reads only when that is found to be wrong on saving.</param>
    private async Task<Payment> ChangeAsync(string orderId, Func<Payment?, Task<Payment?>> decide, bool mostlyNew = false)
    {
        var payment = await Optimistic.RetryAsync(async () =>
        {
            var known = mostlyNew ? new Versioned<Payment>(null, "") : await store.FindAsync(orderId);
            mostlyNew = false;
            var next = await decide(known.Value);
            return next is null ? known.Value : await store.TrySaveAsync(next, known.ETag) ? next : null;
        });
        await PublishAsync(payment);
        return payment;
    }

    private Task PublishAsync(Payment payment) => PaymentEvents.Of(payment) is var (topic, changed)
        ? publisher.PublishAsync(topic, changed.EventId, changed)
        : Task.CompletedTask;

    private async Task<T> AskAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(_providerLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        try
        {
            return await call(either.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            throw new ProviderUnavailableException("The provider did not answer in time.");
        }
    }
}

/// <summary>A command that does not fit the order's payment: the caller is wrong, and asking again does not help.</summary>
public sealed class PaymentConflictException(string reason) : Exception(reason);
