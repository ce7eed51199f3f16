using System.Text.Json;
using Dapr.Client;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;

namespace DaprShop.Payment;

/// <summary>Payments (<c>payment/{orderId}</c>) and their postings (<c>ledger/{orderId}/{step}</c>), always saved together.</summary>
public sealed class PaymentStore(DaprClient dapr, IOptions<JsonOptions> json)
{
    private static readonly StateOptions s_firstWrite = new() { Concurrency = ConcurrencyMode.FirstWrite };
    private readonly JsonSerializerOptions _json = json.Value.SerializerOptions;

    /// <summary>The payment and the version of it to save against; nulls when there is none.</summary>
    public async Task<(Payment? Payment, string? ETag)> FindAsync(string orderId, CancellationToken cancellation = default)
    {
        var (payment, etag) = await dapr.GetStateAndETagAsync<Payment?>(PaymentService.Store, Key(orderId), cancellationToken: cancellation);
        return (payment, payment is null ? null : etag);
    }

    /// <summary>Saves the last of <paramref name="steps"/> and a posting for each, in one transaction.</summary>
    /// <exception cref="Dapr.DaprException">Not saved: someone else was first, or the store is away. Dapr does not tell which.</exception>
    public Task SaveAsync(IReadOnlyList<Payment> steps, string? etag)
    {
        var payment = steps[^1];
        var postings = steps.Select(Ledger.Post).OfType<Posting>()
            .Select(posting => Upsert($"ledger/{posting.OrderId}/{posting.Step}".ToLowerInvariant(), posting));
        return dapr.ExecuteStateTransactionAsync(
            PaymentService.Store, [Upsert(Key(payment.OrderId), payment, etag, s_firstWrite), .. postings]);
    }

    private StateTransactionRequest Upsert<T>(string key, T value, string? etag = null, StateOptions? options = null) =>
        new(key, JsonSerializer.SerializeToUtf8Bytes(value, _json), StateOperationType.Upsert, etag, options: options);

    private static string Key(string orderId) => $"payment/{orderId}";
}
