using Dapr.Client;
using Microsoft.Extensions.Logging;

namespace DaprShop.Common;

/// <summary>
/// How often, and why, the deliveries of an event have failed. A sidecar that gives up says neither, so the service keeps it itself, in its
/// store because its replicas take turns. Two calls for each delivery with failures; none for those without.
/// </summary>
public sealed class DeliveryFailures(StateStore store, ServiceName service, ILogger<DeliveryFailures> logger)
{
    private static readonly TimeSpan s_memory = TimeSpan.FromDays(1);
    private static readonly TimeSpan s_timeLimit = TimeSpan.FromSeconds(5);

    public static string Key(string letterId) => $"delivery-failure/{letterId}";

    /// <summary>Counts one more failed attempt for each. A store that does not take it costs the note, not the event.</summary>
    public async Task NoteAsync(IEnumerable<(BulkEntry Entry, string Reason)> failures)
    {
        var byKey = failures.DistinctBy(failure => failure.Entry.EventId)
            .ToDictionary(failure => Key(DeadLetters.IdOf(service, failure.Entry)), failure => failure.Reason);
        using var limit = new CancellationTokenSource(s_timeLimit);
        try
        {
            var known = await store.GetManyAsync([.. byKey.Keys], limit.Token);
            await store.TryCommitAsync([.. byKey.Select(failure => Write(known, failure.Key, failure.Value))], limit.Token);
        }
        catch (Exception error) when (Problems.IsOutage(error))
        {
            logger.LogWarning("{Count} failed deliveries could not be noted: {Reason}", byKey.Count, error.Message);
        }
    }

    private StateTransactionRequest Write(Documents known, string key, string reason)
    {
        var (failure, etag) = known.Get<DeliveryFailure>(key);
        return store.Write(key, new DeliveryFailure((failure?.Attempts ?? 0) + 1, reason), etag, s_memory);
    }
}

/// <param name="Attempts">Deliveries so far, none of which took effect.</param>
/// <param name="Reason">What kept the latest from it.</param>
public sealed record DeliveryFailure(int Attempts, string Reason)
{
    /// <summary>Of an event that its service never got to say anything about.</summary>
    public static DeliveryFailure Unknown { get; } = new(0, "The service or its store did not answer.");
}
