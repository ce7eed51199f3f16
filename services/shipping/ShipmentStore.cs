using System.Text.Json;
using Dapr.Client;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;

namespace DaprShop.Shipping;

/// <summary>Shipments, under <c>shipment/{orderId}</c>.</summary>
public sealed class ShipmentStore(DaprClient dapr, IOptions<JsonOptions> json)
{
    private static readonly StateOptions s_firstWrite = new() { Concurrency = ConcurrencyMode.FirstWrite };
    private readonly JsonSerializerOptions _json = json.Value.SerializerOptions;

    /// <summary>A shipment, and the version of it to save against.</summary>
    public sealed record Stored(Shipment Shipment, string ETag);

    public async Task<Stored?> FindAsync(string orderId, CancellationToken cancellation = default)
    {
        var (shipment, etag) = await dapr.GetStateAndETagAsync<Shipment?>(ShippingService.Store, Key(orderId), cancellationToken: cancellation);
        return shipment is null ? null : new Stored(shipment, etag);
    }

    /// <summary>Those of the orders that have a shipment, in one call.</summary>
    public async Task<IReadOnlyList<Stored>> FindAllAsync(IEnumerable<string> orderIds)
    {
        var keys = orderIds.Distinct().Select(Key).ToArray();
        if (keys.Length == 0) return [];
        var items = await dapr.GetBulkStateAsync<Shipment?>(ShippingService.Store, keys, parallelism: null);
        return [.. items.Where(item => item.Value is not null).Select(item => new Stored(item.Value!, item.ETag))];
    }

    /// <summary>Saves a shipment that must not exist yet (no <paramref name="etag"/>), or not have changed; false when it does or has.</summary>
    public Task<bool> TrySaveAsync(Shipment shipment, string? etag = null) =>
        dapr.TrySaveStateAsync(ShippingService.Store, Key(shipment.OrderId), shipment, etag ?? "", s_firstWrite);

    /// <summary>Saves all or none of them, in one call.</summary>
    /// <exception cref="Dapr.DaprException">One has changed in between, or the store is away. Dapr does not tell which.</exception>
    public Task SaveAllAsync(IReadOnlyList<Stored> shipments) => shipments.Count == 0
        ? Task.CompletedTask
        : dapr.ExecuteStateTransactionAsync(ShippingService.Store,
            [.. shipments.Select(stored => new StateTransactionRequest(
                Key(stored.Shipment.OrderId), JsonSerializer.SerializeToUtf8Bytes(stored.Shipment, _json),
                StateOperationType.Upsert, stored.ETag, options: s_firstWrite))]);

    private static string Key(string orderId) => $"shipment/{orderId}";
}
