using System.Text.Json;
using Dapr;
using Dapr.AspNetCore;
using Dapr.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace DaprShop.Common;

/// <summary>
/// Events a service could not take, after all retries, are kept in its own store with their envelope: a dead-letter topic that nobody
/// listens to would lose them.
/// </summary>
public static class DeadLetters
{
    /// <summary>Key of the list of ids, oldest first.</summary>
    public const string IndexKey = "dead-letters";

    private const int MaxEvents = 20;

    public static string Key(string id) => $"dead-letter/{id}";

    /// <summary>Subscribes to <c>{service}.dead-letters</c>.</summary>
    public static void MapDeadLetters(this WebApplication app)
    {
        var topic = $"{app.Services.GetRequiredService<ServiceName>().Value}.dead-letters";
        app.MapPost($"/events/{topic}", KeepAsync)
            .WithTopic(new TopicOptions { PubsubName = Publishing.PubSub, Name = topic })
            // In bulk, because then the envelope, which says what topic the event was of, comes along.
            .WithBulkSubscribe(new BulkSubscribeTopicOptions { TopicName = topic, MaxMessagesCount = MaxEvents, MaxAwaitDurationMs = 100 });
    }

    private static async Task<IResult> KeepAsync(
        BulkDelivery delivery, StateStore store, TimeProvider time, ILoggerFactory loggers, CancellationToken cancellation)
    {
        var letters = delivery.Entries.Select(entry => new DeadLetter(IdOf(entry), time.GetUtcNow(), entry.Event)).DistinctBy(letter => letter.Id);
        var kept = await Optimistic.RetryAsync(() => TryKeepAsync(store, [.. letters], cancellation));
        foreach (var letter in kept)
            loggers.CreateLogger(typeof(DeadLetters)).LogWarning("Event {EventId} of {Topic} is a dead letter", letter.Id, letter.Topic);
        return TypedResults.Ok(new BulkOutcome([.. delivery.Entries.Select(entry => new EntryOutcome(entry.EntryId, "SUCCESS"))]));
    }

    private static async Task<DeadLetter[]?> TryKeepAsync(StateStore store, DeadLetter[] letters, CancellationToken cancellation)
    {
        var index = await store.GetAsync<string[]>(IndexKey, cancellation);
        var known = index.Value ?? [];
        var added = letters.Where(letter => !known.Contains(letter.Id)).ToArray();
        if (added.Length == 0) return added;
        StateTransactionRequest[] writes =
        [
            store.Write<string[]>(IndexKey, [.. known, .. added.Select(letter => letter.Id)], index.ETag),
            .. added.Select(letter => store.Write(Key(letter.Id), letter, etag: null)),
        ];
        return await store.TryCommitAsync(writes, cancellation) ? added : null;
    }

    private static string IdOf(BulkEntry entry) =>
        entry.Event.ValueKind == JsonValueKind.Object && entry.Event.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.String
            ? id.GetString()!
            : entry.EntryId;
}

/// <param name="Id">The event's id.</param>
/// <param name="At">When it was given up.</param>
/// <param name="Event">The CloudEvent, as it was published.</param>
public sealed record DeadLetter(string Id, DateTimeOffset At, JsonElement Event)
{
    /// <summary>The topic it was published to.</summary>
    public string? Topic => Event.ValueKind == JsonValueKind.Object && Event.TryGetProperty("topic", out var topic) ? topic.ToString() : null;
}
